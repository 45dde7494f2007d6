import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installKeep, installPlain } from '../testing/fixture-packages.ts';
import { installTail } from '../testing/live-packages.ts';
import { until } from '../testing/running-world.ts';
import { createWorld, recorder, type World } from '../testing/world.ts';

const base =
  'data: data\nhealth: off\nsources:\n  - { name: tail, config: { file: numbers } }\nihandlers:\n  - { name: keep, config: { file: kept.json } }\n';

/** The code of a handler that appends each number to a file. */
const appending = (name: string, folder: string) => `
import { appendFileSync } from 'node:fs';
export default {
  contract: 1,
  name: '${name}',
  on: { 'test.*': ({ data }) => appendFileSync('${folder}/${name}.out', data.n + ' ') },
};
`;

async function runWith(
  world: World,
  handlers: string,
  numbers: string,
  isDone: () => boolean,
): Promise<void> {
  world.write('my.yaml', `${base}${handlers}`);
  world.write('numbers', numbers);
  const stop = new AbortController();
  const stderr = recorder();
  const ended = world.run(['run', '-c', 'my.yaml'], { signal: stop.signal, stderr, exit: () => undefined });
  await until(isDone, (done) => done);
  stop.abort();
  expect((await ended).code).toBe(0);
}

describe('a handler that is new to a journal with incidents', { timeout: 60_000 }, () => {
  test.each([
    ['a local file starts with new incidents', 'local', '', '3 '],
    ['a local file starts at the beginning when asked to', 'local', ', from: beginning', '1 2 3 '],
    ['a handler with effects starts with new incidents', 'effects', '', '3 '],
    ['a handler without effects starts at the beginning', 'plain', '', '1 2 3 '],
    ['a handler that sends data away starts with new incidents', 'network', '', '3 '],
  ])('%s', async (_what, kind, from, expected) => {
    const world = createWorld();
    world.link('journal-sqlite');
    installTail(world);
    installKeep(world);
    mkdirSync(join(world.folder, 'node_modules'), { recursive: true });
    const keptAll = (count: number) => () =>
      existsSync(join(world.folder, 'kept.json')) &&
      JSON.parse(world.read('kept.json')).numbers.length === count;
    await runWith(world, '', '1\n2\n', keptAll(2));
    const code = appending('act', world.folder);
    if (kind === 'local') world.write('act.js', code);
    else installPlain(world, 'act', code, kind === 'network', kind === 'effects' ? { effects: true } : {});
    const name = kind === 'local' ? './act.js' : 'act';
    await runWith(
      world,
      `  - { name: ${name}${from} }\n`,
      '1\n2\n3\n',
      () => keptAll(3)() && existsSync(join(world.folder, 'act.out')) && world.read('act.out').includes('3'),
    );
    expect(world.read('act.out')).toBe(expected);
  });
});
