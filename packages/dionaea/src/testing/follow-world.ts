import { join } from 'node:path';
import { createDurableHost, until } from '@ihandler/testkit';
import { expect } from 'vitest';
import dionaeaFollow from '../follow/source.ts';
import { temporaryFolder } from './folder.ts';

/** A line of log_incident with its number, or with text after it. */
export function incidentLine(n: number, text = ''): string {
  const second = new Date(Date.UTC(2026, 10, 22) + n * 1000).toISOString().slice(0, 19);
  return `{"timestamp": "${second}", "name": "dionaea", "origin": "dionaea.download.offer", "data": {"url": "http://192.0.2.1/${n}${text}"}}\n`;
}

/** The lines from one number to another. */
export function incidentLines(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => incidentLine(from + index)).join('');
}

/** A folder with a followed file, and a host that follows it. */
export function followWorld() {
  const folder = temporaryFolder();
  const file = join(folder, 'incident.json');
  const host = createDurableHost();
  const urls = () => host.incidents.map(({ data }) => String(data['url']).slice('http://192.0.2.1/'.length));
  return {
    folder,
    file,
    host,
    urls,
    /** Follows the file; `options` are further options of the source. */
    follow: (options = {}) => host.run(dionaeaFollow({ file, poll: '5ms', ...options })),
    /** Waits for incidents and expects exactly these. */
    async arrive(...expected: (string | number)[]) {
      await until(() => urls().length >= expected.length, `${expected.length} incidents arrived`);
      expect(urls()).toEqual(expected.map(String));
    },
    /** Waits while the source checks the file some times. */
    rest: () => new Promise<void>((resolve) => setTimeout(resolve, 100)),
    beside: (name: string) => join(folder, name),
  };
}
