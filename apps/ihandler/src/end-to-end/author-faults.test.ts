import { expect, test } from 'vitest';
import { createWorld } from '../testing/world.ts';

const options = {
  type: 'object',
  properties: { url: { type: 'string' }, port: { type: 'integer', maximum: 65_535 } },
  required: ['url'],
  additionalProperties: false,
};

/** Installs a package whose factory checks nothing. */
function worldWith(code: string) {
  const world = createWorld();
  world.install(
    'ihandler-acme',
    {
      main: './main.js',
      ihandler: { contract: 1, handlers: { acme: { summary: 'Acts', network: false, options } } },
    },
    { 'main.js': code },
  );
  return world;
}

const trusting = "export default ({ url }) => ({ contract: 1, name: 'acme', on: {}, url: url.length });";

test.each([
  ['{ port: 80 }', /config\.url: /],
  ['{ url: x, port: 70000 }', /config\.port: .*says the manifest/],
  ['{ url: x, prot: 80 }', /config\.prot: unknown option \(did you mean port\?\)/],
])(
  'options that the manifest does not allow are refused, although the factory takes them: %s',
  async (config, problem) => {
    const world = worldWith(trusting);
    world.write('my.yaml', `ihandlers:\n  - { name: acme, config: ${config} }\n`);
    const { code, stderr } = await world.run(['check', '-c', 'my.yaml']);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(problem);
    expect(stderr).not.toMatch(/undefined|TypeError/);
  },
);

test('options that fit run', async () => {
  const world = worldWith(trusting);
  world.write('my.yaml', 'ihandlers:\n  - { name: acme, config: { url: x, port: 80 } }\n');
  expect((await world.run(['check', '-c', 'my.yaml'])).stderr).not.toMatch(/acme: /);
});

test('an asynchronous factory is explained', async () => {
  const world = worldWith("export default async () => ({ contract: 1, name: 'acme', on: {} });");
  world.write('my.yaml', 'ihandlers:\n  - { name: acme, config: { url: x } }\n');
  const { stderr } = await world.run(['check', '-c', 'my.yaml']);
  expect(stderr).toMatch(/found a promise: its factory must not be asynchronous/);
});

test('a CommonJS module that was compiled from an ES module works', async () => {
  const world = worldWith('');
  world.write('own.cjs', "exports.__esModule = true; exports.default = { name: 'own', on: {} };");
  world.write('my.yaml', 'ihandlers:\n  - ./own.cjs\n');
  const { stderr } = await world.run(['check', '-c', 'my.yaml']);
  expect(stderr).not.toMatch(/expected a handler/);
});
