import { expect, test } from 'vitest';
import { createWorld } from '../testing/world.ts';

const origins = {
  origins: {
    'gate.try': {
      level: 'info',
      description: 'A try.',
      schema: { type: 'object', properties: { user: { type: 'string' } }, required: ['user'] },
      roles: { login: { username: 'user' } },
    },
    'gate.open': { level: 'info', description: 'Opened.', schema: { type: 'object' } },
  },
};
const source = `
const connection = { id: 'c', protocol: 'gate', transport: 'tcp', local: { host: '', port: 0 }, remote: { host: '198.51.100.7', port: 1, hostname: '' } };
const data = [['gate.try', { connection, user: 'root' }], ['gate.try', { connection, user: 7 }], ['gate.open', { connection }]];
export const recognises = () => true;
export default () => ({
  contract: 1,
  name: 'gate',
  run: ({ report }) => report(data.map(([origin, data], n) => ({ id: 'g:' + (n + 1), origin, timestamp: 0, sensor: 'gate', data }))),
});`;

function gateWorld() {
  const world = createWorld();
  const ihandler = {
    contract: 1,
    origins: './origins.json',
    sources: { gate: { summary: 'Reads a gate', reads: ['file'], options: {} } },
  };
  world.install(
    'ihandler-gate',
    { main: './main.js', ihandler },
    { 'main.js': source, 'origins.json': JSON.stringify(origins) },
  );
  world.write('gate.log', 'x');
  return world;
}

test('a package that declares origins is understood: its roles, and data that does not fit', async () => {
  const world = gateWorld();
  world.write(
    'own.js',
    `import { appendFileSync } from 'node:fs';
    const say = (text) => appendFileSync(${JSON.stringify(`${world.folder}/said`)}, text + '\\n');
    export default {
      name: 'own',
      on: {
        'role:login': ({ facts }) => say('login ' + facts.username),
        '*': ({ misfit }) => say(misfit ?? 'fits'),
      },
    };`,
  );
  world.write('my.yaml', 'ihandlers:\n  - ./own.js\n');
  const { code, stderr } = await world.run(['import', '-c', 'my.yaml', 'gate.log']);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(world.read('said').trim().split('\n')).toEqual([
    'login root',
    'fits',
    'user: expected a string, found 7',
    'fits',
  ]);
});

test('roles limit an entry; a role that does not exist is a problem of the configuration', async () => {
  const world = gateWorld();
  world.write(
    'own.js',
    "export default { name: 'own', on: { '*': ({ origin }) => console.error('heard ' + origin) } };",
  );
  world.write('my.yaml', 'ihandlers:\n  - { name: ./own.js, only: [role:login] }\n');
  const { stdout, stderr } = await world.run(['check', '-c', 'my.yaml']);
  expect(stdout + stderr).not.toMatch(/matches no known origin|role:login/);
  world.write('wrong.yaml', 'ihandlers:\n  - { name: ./own.js, only: [role:logn] }\n');
  const wrong = await world.run(['check', '-c', 'wrong.yaml']);
  expect(wrong.stderr).toMatch(/line 2, ihandlers\[0\]\.only\[0\]: Unknown role in "role:logn"/);
});

test('an origins.json that cannot be used makes its package unusable, with the reason', async () => {
  const world = createWorld();
  const ihandler = {
    contract: 1,
    origins: './origins.json',
    handlers: { bad: { summary: 'Bad', network: false, options: {} } },
  };
  world.install(
    'ihandler-bad',
    { main: './main.js', ihandler },
    {
      'main.js': "export default () => ({ contract: 1, name: 'bad', on: {} });",
      'origins.json': '{"origins":{"a b":{}}}',
    },
  );
  const { stdout, stderr } = await world.run(['list']);
  expect(stdout + stderr).toMatch(/ihandler-bad 1\.2\.3: its \.\/origins\.json origins\.a b/);
});
