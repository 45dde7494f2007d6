import { readFileSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { recordings } from './index.ts';
import { knownOrigins } from './origins.ts';

it('recordings.dionaea provides a file and incidents that fit their origins', () => {
  const { file, incidents } = recordings.dionaea();
  const all = [...incidents()];
  expect(all).toHaveLength(243);
  expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(243);
  expect(new Set(all.map(({ origin }) => origin)).size).toBe(26);
  expect(all.filter(({ origin, data }) => knownOrigins.misfitOf(origin, data) !== undefined)).toEqual([]);
  expect(all[0]).toMatchObject({
    id: 'dionaea:1',
    origin: 'dionaea.connection.tcp.accept',
    timestamp: Date.UTC(2026, 10, 22, 6, 24, 54, 818),
    data: { connection: { protocol: 'httpd', remote: { host: '127.0.0.1', port: 37_778, hostname: '' } } },
  });
});

it('recordings.cowrie provides an SSH and a Telnet session', () => {
  const all = [...recordings.cowrie().incidents()];
  expect(all).toHaveLength(19);
  expect(
    all.filter(({ origin }) => origin.startsWith('cowrie.login.')).map(({ data }) => data['username']),
  ).toEqual(['admin', 'root', 'root', 'root']);
  expect(new Set(all.map(({ data }) => data['session'])).size).toBe(2);
  expect(all.at(-1)?.timestamp).toBe(Date.UTC(2026, 0, 1, 0, 1, 9));
});

it('the recordings are small enough for a dependency', () => {
  const sizes = [recordings.dionaea(), recordings.cowrie()].map(({ file }) => statSync(file).size);
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(150_000);
});
