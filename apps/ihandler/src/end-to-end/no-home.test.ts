import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { installKeep, installLines, lines } from '../testing/fixture-packages.ts';
import { createWorld } from '../testing/world.ts';

/** Each command that needs the data folder; init and list need none. */
const commands = [
  ['run'],
  ['run', 'a.txt'],
  ['import', 'a.txt', '--with', 'keep:file=k.json'],
  ['status'],
  ['doctor'],
  ['check'],
  ['resume', 'keep'],
  ['replay', '--instance', 'keep', '--again'],
  ['dead-letters'],
  ['dead-letters', 'retry', 'keep', '--all'],
  ['journal', 'check'],
  ['journal', 'compact'],
  ['forget', '192.0.2.1', '--yes'],
];

// Where that folder exists, the home folder does not matter.
test.skipIf(existsSync('/var/lib/ihandler')).each(commands)(
  '%s %s says how to name a data folder when the user has no home folder',
  async (...argv) => {
    const world = createWorld();
    installLines(world);
    installKeep(world);
    world.write('a.txt', lines(1));
    const { code, stdout, stderr } = await world.run(argv, { env: { HOME: 'none', IHANDLER_SENSOR: 's' } });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^ihandler: [^\n]*no home folder \(HOME is not set\)/m);
    expect(stderr).toContain('set "data" in the configuration');
    expect(stderr).not.toMatch(/^ +at |ENOENT|TypeError/m);
  },
);
