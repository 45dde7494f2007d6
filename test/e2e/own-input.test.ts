import { linkSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { createWorld } from 'ihandler/testing';
import { expect, it } from 'vitest';

/** A world with the packages that read and write databases. */
function world() {
  const made = createWorld();
  for (const folder of ['dionaea', 'log-sqlite', 'journal-sqlite', 'log-text']) {
    const link = join(made.folder, 'node_modules/@ihandler', folder);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(fileURLToPath(new URL(`../../packages/${folder}`, import.meta.url)), link);
  }
  const path = (name: string) => join(made.folder, name);
  async function refusal(command: 'check' | 'run', source: string): Promise<string> {
    made.write(
      'my.yaml',
      `sensor: pot
data: ${path('data')}
health: off
sources: [{ name: dionaea-database, config: { file: ${path(source)} } }]
ihandlers:
  - { name: log-sqlite, as: first, config: { file: ${path('first.sqlite')} } }
  - { name: log-sqlite, as: second, config: { file: ${path('second.sqlite')} } }
`,
    );
    const { code, stderr, stdout } = await made.run([command, '-c', 'my.yaml'], {
      conditions: ['@ihandler/source'],
    });
    expect(code).not.toBe(0);
    return stderr + stdout;
  }
  return { path, refusal };
}

it.each(['check', 'run'] as const)(
  '%s refuses a live source that reads the database of a handler, under any name and before it exists',
  async (command) => {
    const { path, refusal } = world();
    const expected = (name: string) =>
      `the handler second writes ${path(name)}, so it would grow for ever; name the file that the sensor writes`;
    expect(await refusal(command, 'second.sqlite')).toContain(expected('second.sqlite'));
    new Database(path('second.sqlite')).exec('CREATE TABLE t (a)').close();
    symlinkSync(path('second.sqlite'), path('symbolic.sqlite'));
    linkSync(path('second.sqlite'), path('hard.sqlite'));
    for (const name of ['second.sqlite', 'symbolic.sqlite', 'hard.sqlite']) {
      const told = await refusal(command, name);
      expect(told).toContain('sources[0].config.file');
      expect(told).toContain(expected('second.sqlite'));
    }
  },
  60_000,
);
