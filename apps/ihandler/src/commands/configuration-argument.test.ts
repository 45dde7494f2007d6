import { describe, expect, test } from 'vitest';
import { createWorld, type World } from '../testing/world.ts';

const commands = ['check', 'run', 'status', 'doctor', 'list'];

function worldWith(configuration: string): World {
  const world = createWorld();
  world.write('my.yaml', configuration);
  return world;
}

describe.each(commands)('%s', (command) => {
  test('uses a configuration that is named without -c as one with it', async () => {
    const world = worldWith('colour: red\njournal: memory\ndata: data\n');
    const without = await world.run([command, 'my.yaml']);
    const withOption = await world.run([command, '-c', 'my.yaml']);
    expect(without).toEqual(withOption);
    if (command !== 'list') expect(without.stdout + without.stderr).toContain('unknown setting');
    expect(await world.run([command, 'my.yaml', '-c', 'my.yaml'])).toEqual(withOption);
  });

  test('refuses two configurations, naming both', async () => {
    const world = worldWith('journal: memory\n');
    for (const named of [
      ['my.yaml', 'other.yaml'],
      ['-c', 'my.yaml', 'other.yaml'],
    ]) {
      const { code, stderr } = await world.run([command, ...named]);
      expect(code).toBe(2);
      expect(stderr).toMatch(/expects one configuration; found (?:-c )?my\.yaml other\.yaml/);
    }
  });

  test('does not ignore a file that is missing', async () => {
    const world = worldWith('');
    const { code, stdout, stderr } = await world.run([command, 'gone.yaml']);
    if (command === 'list') return;
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('gone.yaml');
  });
});
