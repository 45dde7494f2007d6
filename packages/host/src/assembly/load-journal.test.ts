import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfiguration } from '../configuration/load-configuration.ts';
import { createFolder, type Folder } from '../testing/folder.ts';
import { hasProblems, loadJournal } from './load-journal.ts';

function installJournal(world: Folder, name: string, file = true): void {
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

async function chosenIn(folder: Folder, yaml: string) {
  const file = folder.write('conf/my.yaml', yaml);
  const world = { cwd: folder.folder, env: {} };
  const configuration = await loadConfiguration(file, world);
  const { installed, folder: from } = configuration;
  const worker = new URL(import.meta.url);
  const context = { installed, folder: from, conditions: [], worker, trust: () => undefined };
  return loadJournal({ configuration, context, dataDir: '/data' });
}

describe('the journal of a configuration', () => {
  test('is the only installed one by default, with its file in the data folder', async () => {
    const world = createFolder();
    installJournal(world, 'rows');
    const chosen = await chosenIn(world, 'sensor: a\n');
    expect(chosen).toMatchObject({
      name: 'rows',
      file: '/data/journal.rows',
      options: { file: '/data/journal.rows' },
    });
  });

  test('is the named one, with paths relative to the folder of the file', async () => {
    const world = createFolder();
    installJournal(world, 'rows');
    installJournal(world, 'server', false);
    expect(await chosenIn(world, 'journal: server\n')).toMatchObject({ name: 'server', options: {} });
    expect(
      await chosenIn(world, 'journal: { name: rows, config: { file: my.rows, size: 3 } }\n'),
    ).toMatchObject({
      options: { file: join(world.folder, 'conf/my.rows'), size: 3 },
    });
  });

  test('can be in memory, without any package', async () => {
    const chosen = await chosenIn(createFolder(), 'journal: memory\n');
    expect(hasProblems(chosen)).toBe(false);
    expect(chosen).toMatchObject({ name: 'memory', module: undefined, journal: { durable: false } });
  });

  test.each([
    [
      'none is installed',
      [],
      '',
      'npm search keywords:ihandler-journal; or set "journal: memory", which loses pending incidents in a crash',
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
  ])('is rejected when %s', async (_what, names, yaml, message) => {
    const world = createFolder();
    for (const name of names) installJournal(world, name);
    const chosen = await chosenIn(world, `${yaml}\n`);
    expect(hasProblems(chosen)).toBe(true);
    expect(chosen).toMatchObject([{ message: expect.stringContaining(message) }]);
  });
});
