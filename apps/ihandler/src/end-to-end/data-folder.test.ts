import { describe, expect, test } from 'vitest';
import { installKeep, installLines, installPlain, lines } from '../testing/fixture-packages.ts';
import { createWorld, type World } from '../testing/world.ts';

function worldWithPackages(): World {
  const world = createWorld();
  installLines(world);
  installKeep(world);
  return world;
}

describe('the name of the sensor', () => {
  const tell = `export default () => ({ contract: 1, name: 'tell', on: { '*': ({ sensor }) => { globalThis.toldSensor = sensor; } } });`;

  async function told(host: object, configuration?: string): Promise<{ world: World; sensor: unknown }> {
    const world = worldWithPackages();
    installPlain(world, 'tell', tell);
    world.write('a.txt', lines(1));
    if (configuration) world.write('my.yaml', configuration);
    const { stderr } = await world.run(
      ['import', 'a.txt', '--with', 'tell', ...(configuration ? ['-c', 'my.yaml'] : [])],
      { env: { XDG_STATE_HOME: `${world.folder}/state`, ...host } },
    );
    expect(stderr).toBe('');
    return { world, sensor: Reflect.get(globalThis, 'toldSensor') };
  }

  test('is that of the configuration, else IHANDLER_SENSOR', async () => {
    expect((await told({ IHANDLER_SENSOR: 'from-env' }, 'sensor: from-file')).sensor).toBe('from-file');
    expect((await told({ IHANDLER_SENSOR: 'from-env' })).sensor).toBe('from-env');
  });

  test('is created once and kept in the data folder otherwise', async () => {
    const { world, sensor } = await told({});
    expect(world.read('state/ihandler/sensor')).toBe(`${sensor}\n`);
    await world.run(['import', 'a.txt', '--with', 'tell'], {
      env: { XDG_STATE_HOME: `${world.folder}/state` },
    });
    expect(Reflect.get(globalThis, 'toldSensor')).toBe(sensor);
  });
});
