import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFolder } from '../testing/folder.ts';
import { createRejectLog } from './reject-log.ts';

test('the reject log keeps the newest lines in a few files of bounded size, across restarts', async () => {
  const world = createFolder();
  mkdirSync(join(world.folder, 'data'));
  for (const start of [0, 10]) {
    const keeper = createRejectLog(join(world.folder, 'data'), 'rejects', { largest: 12, files: 3 });
    if (start === 0) expect(world.list('data')).toEqual([]);
    await Promise.all(Array.from({ length: 10 }, (_, n) => keeper.append(`line ${start + n + 10}`)));
    await keeper.close();
  }
  expect(world.list('data')).toEqual(['rejects.1.ndjson', 'rejects.2.ndjson', 'rejects.ndjson']);
  expect(['rejects.2', 'rejects.1', 'rejects'].map((name) => world.read(`data/${name}.ndjson`))).toEqual([
    'line 27\n',
    'line 28\n',
    'line 29\n',
  ]);
});

test('the reject log rejects a line that it cannot write, and tries the next', async () => {
  const world = createFolder();
  const keeper = createRejectLog(join(world.folder, 'later'), 'rejects');
  await expect(keeper.append('one')).rejects.toThrow(/no such file|ENOENT/);
  mkdirSync(join(world.folder, 'later'));
  await keeper.append('two');
  await keeper.close();
  expect(world.read('later/rejects.ndjson')).toBe('two\n');
});
