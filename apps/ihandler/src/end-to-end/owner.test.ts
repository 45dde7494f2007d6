import { chownSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { installKeep, installLines, lines } from '../testing/fixture-packages.ts';
import { createWorld } from '../testing/world.ts';

test.skipIf(process.geteuid?.() !== 0)(
  'what a command of root creates in the folder of a service belongs to the service',
  async () => {
    const world = createWorld();
    world.link('journal-sqlite');
    installLines(world);
    installKeep(world);
    mkdirSync(join(world.folder, 'data'));
    chownSync(join(world.folder, 'data'), 65_534, 65_534);
    world.write('old', '');
    world.write('my.yaml', 'data: data\nihandlers:\n  - { name: keep, config: { file: data/kept.json } }\n');
    world.write('numbers', lines(1, 2));
    const env = { XDG_STATE_HOME: join(world.folder, 'state') };
    const { code } = await world.run(['import', '-c', 'my.yaml', 'numbers'], { env });
    expect(code).toBe(0);
    const names = world.list('data');
    expect(names).toEqual(expect.arrayContaining(['kept.json', 'sensor']));
    for (const name of names)
      expect([name, statSync(join(world.folder, 'data', name)).uid]).toEqual([name, 65_534]);
    expect(statSync(join(world.folder, 'old')).uid).toBe(0);
  },
);
