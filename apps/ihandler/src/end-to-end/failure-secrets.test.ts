import { expect, test } from 'vitest';
import { installLines, installPlain, lines } from '../testing/fixture-packages.ts';
import { createWorld } from '../testing/world.ts';

test('a secret that an exception quotes is neither reported to other handlers nor kept with the dead letter', async () => {
  const world = createWorld();
  installLines(world);
  installPlain(
    world,
    'leak',
    `export default ({ apiKey }) => ({ contract: 1, name: 'leak', on: { 'test.*': () => {
      throw Object.assign(new Error('denied for ' + apiKey), { permanent: true }); } } });`,
  );
  installPlain(
    world,
    'spy',
    `import { appendFileSync } from 'node:fs';
    export default () => ({ contract: 1, name: 'spy', on: { 'ihandler.*': ({ data }) => appendFileSync('${world.folder}/seen', JSON.stringify(data)) } });`,
  );
  const yaml = `data: data\nihandlers:\n  - { name: leak, config: { apiKey: "\${LEAKED}" } }\n  - spy\n`;
  world.write('my.yaml', yaml);
  world.write('a.txt', lines(1));
  const env = { LEAKED: 'k-very-secret-1', IHANDLER_SENSOR: 'sensor-1' };
  const { stdout, stderr } = await world.run(['import', '-c', 'my.yaml', 'a.txt'], { env });
  expect(world.read('seen')).toContain('denied for [hidden]');
  const kept = world
    .list('data')
    .filter((name) => name.startsWith('dead'))
    .map((name) => world.read(`data/${name}`));
  expect(`${stdout}${stderr}${kept.join('')}${world.read('seen')}`).not.toContain('k-very-secret-1');
});
