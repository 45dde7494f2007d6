// Bugs in the history of cowrie that concern text files: the commit, and the bug.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import logText from '@ihandler/log-text';
import { incidents } from '@ihandler/testkit';
import { describe, expect, it } from 'vitest';
import { handle, temporaryFolder } from '../support/regressions/hosting.ts';

const all = incidents(2000, 'dionaea.download.offer', { url: `http://192.0.2.1/${'x'.repeat(200)}` });

describe('fa9257e9: each restart truncated the log', () => {
  it('log-text appends after a restart', async () => {
    const file = join(temporaryFolder(), 'incidents.log');
    for (const part of [all.slice(0, 2), all.slice(2, 3), all.slice(3, 5)])
      await handle(temporaryFolder(), [logText({ file, template: '{id}' })], part);
    expect(readFileSync(file, 'utf8')).toBe('test:1\ntest:2\ntest:3\ntest:4\ntest:5\n');
  });
});

describe('5126002f: a rotation split one event between two files', () => {
  it('log-text rotates only between incidents, and loses none', async () => {
    const folder = temporaryFolder();
    const options = {
      file: join(folder, 'incidents.log'),
      format: 'json',
      rotate: { maxSize: '20kB', maxFiles: 100 },
    } as const;
    await handle(temporaryFolder(), [logText(options)], all);
    const files = readdirSync(folder);
    const lines = files.flatMap((name) => {
      const bytes = readFileSync(join(folder, name));
      const text = String(name.endsWith('.gz') ? gunzipSync(bytes) : bytes);
      expect(text.endsWith('\n')).toBe(true);
      return text.trimEnd().split('\n');
    });
    expect(files.length).toBeGreaterThan(10);
    const ids = lines.map((line) => String(JSON.parse(line).id));
    expect(new Set(ids)).toEqual(new Set(all.map(({ id }) => id)));
    expect(ids).toHaveLength(all.length);
  });
});
