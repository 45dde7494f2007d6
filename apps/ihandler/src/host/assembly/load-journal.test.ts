import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createWorld, type World } from '../../testing/world.ts';
import { readConfiguration } from '../configuration/configuration.ts';
import { findPackages } from '../discovery/find-packages.ts';
import { chooseJournal, isWrong } from './load-journal.ts';

function installJournal(world: World, name: string, file = true): void {
  const options = { type: 'object', properties: file ? { file: { type: 'string' } } : {} };
  world.install(
    `ihandler-${name}`,
    { main: './i.js', ihandler: { contract: 1, journals: { [name]: { summary: 'Keeps', options } } } },
    {
      'i.js': `export default (options) => {
        if (options.bad) throw Object.assign(new Error('no'), { problems: [{ path: 'bad', message: 'there is no such option' }] });
        return { name: '${name}', options };
      };`,
    },
  );
}

async function chosenIn(world: World, yaml: string) {
  const file = world.write('conf/my.yaml', yaml);
  return chooseJournal({
    configuration: readConfiguration(file, { env: {}, learn() {} }),
    installed: findPackages([world.folder]),
    conditions: [],
    dataDir: '/data',
  });
}

describe('the journal of a configuration', () => {
  test('is the only one that is installed, with its file in the data folder', async () => {
    const world = createWorld();
    installJournal(world, 'rows');
    const chosen = await chosenIn(world, 'sensor: a\n');
    expect(chosen).toMatchObject({
      name: 'rows',
      file: '/data/journal.rows',
      options: { file: '/data/journal.rows' },
    });
  });

  test('is the one that is named, with options whose paths start at the folder of the file', async () => {
    const world = createWorld();
    installJournal(world, 'rows');
    installJournal(world, 'server', false);
    expect(await chosenIn(world, 'journal: server\n')).toMatchObject({ name: 'server', options: {} });
    expect(
      await chosenIn(world, 'journal: { name: rows, config: { file: my.rows, size: 3 } }\n'),
    ).toMatchObject({
      options: { file: join(world.folder, 'conf/my.rows'), size: 3 },
    });
  });

  test('may be in memory, without any package', async () => {
    const chosen = await chosenIn(createWorld(), 'journal: memory\n');
    expect(isWrong(chosen)).toBe(false);
    expect(chosen).toMatchObject({ name: 'memory', module: undefined, journal: { durable: false } });
  });

  test.each([
    [
      'none is installed',
      [],
      '',
      'npm install @ihandler/journal-sqlite; to do without, so that a crash loses what waits: journal: memory',
    ],
    ['several are installed', ['rows', 'server'], '', 'expected one of rows, server, memory; found nothing'],
    [
      'it is not installed',
      ['rows'],
      'journal: rovs',
      'expected rows or memory; found "rovs" (did you mean rows?)',
    ],
    ['memory has options', [], 'journal: { name: memory, config: { a: 1 } }', 'expected no options'],
    [
      'it does not take its options',
      ['rows'],
      'journal: { name: rows, config: { bad: 1 } }',
      'there is no such option',
    ],
  ])('is told what is wrong when %s', async (_what, names, yaml, message) => {
    const world = createWorld();
    for (const name of names) installJournal(world, name);
    const chosen = await chosenIn(world, `${yaml}\n`);
    expect(isWrong(chosen)).toBe(true);
    expect(chosen).toMatchObject([{ message: expect.stringContaining(message) }]);
  });
});
