import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createHost, loadConfiguration } from '@ihandler/host';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleHandlers, type IsolatedHandlers } from '../support/isolation/isolated-handlers.ts';

const code = `
import { isMainThread } from 'node:worker_threads';
export default () => ({ contract: 1, name: isMainThread ? 'in-main' : 'in-thread', on: { '*': () => {} } });`;

let handlers: IsolatedHandlers;
beforeAll(async () => {
  handlers = await bundleHandlers();
  handlers.write('local', code);
  for (const name of ['@acme/ihandler-theirs', '@ihandler/ours']) {
    const folder = join(handlers.folder, 'node_modules', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'index.js'), code);
    const manifest = { summary: 'A handler', network: false, options: {} };
    const ihandler = { contract: 1, handlers: { [name === '@ihandler/ours' ? 'ours' : 'theirs']: manifest } };
    const json = {
      name,
      version: '1.0.0',
      type: 'module',
      keywords: ['ihandler'],
      main: './index.js',
      ihandler,
    };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(json));
  }
});
afterAll(() => handlers.remove());

async function hostOf(yaml: string) {
  const { folder } = handlers;
  writeFileSync(join(folder, 'my.yaml'), yaml);
  const world = {
    cwd: folder,
    prefix: folder,
    env: {},
    worker: pathToFileURL(join(folder, 'worker.js')),
    log: () => ({ error() {}, warn() {}, info() {}, debug() {} }),
  };
  return createHost(await loadConfiguration(join(folder, 'my.yaml'), world), world);
}

/** Where the handlers of a configuration run. */
async function placesOf(yaml: string): Promise<readonly string[]> {
  return (await (await hostOf(yaml)).loadHandlers()).map(({ handler }) => handler.name);
}

const entry = (name: string, more = '') => `  - { name: ${name}, as: ${name.replace(/\W/g, '')}${more} }\n`;

describe('the setting isolate', () => {
  it('runs the handler of its entry in a thread, and no other', async () => {
    const places = await placesOf(
      `ihandlers:\n${entry('theirs')}${entry('ours', ', isolate: true')}${entry('./local.js', ', isolate: { memory: 64MiB }')}`,
    );
    expect(places).toEqual(['in-main', 'in-thread', 'in-thread']);
  });

  it('foreign runs local files and packages of others in threads, unless an entry says otherwise', async () => {
    const all = `${entry('theirs')}${entry('ours')}${entry('./local.js')}`;
    expect(await placesOf(`isolate: foreign\nihandlers:\n${all}`)).toEqual([
      'in-thread',
      'in-main',
      'in-thread',
    ]);
    expect(await placesOf(`isolate: foreign\nihandlers:\n${entry('theirs', ', isolate: false')}`)).toEqual([
      'in-main',
    ]);
  });

  it('is shown by check', async () => {
    const host = await hostOf(`isolate: foreign\nihandlers:\n${entry('theirs')}${entry('ours')}`);
    const { handlers: checked } = await host.check();
    expect(checked.map(({ instance, isIsolated }) => [instance, isIsolated])).toEqual([
      ['theirs', true],
      ['ours', false],
    ]);
  });

  it.each([
    ['isolate: everything', 'isolate: expected foreign, or false; found "everything"'],
    ['ihandlers: [{ name: ours, isolate: much }]', 'expected true, false, or limits such as'],
    [
      'ihandlers: [{ name: ours, isolate: { memory: 1kB } }]',
      'isolate.memory: expected a size such as "256MiB", at least 16MiB',
    ],
    ['sources: [{ name: ours, isolate: true }]', 'a source cannot be isolated'],
  ])('is rejected in %s', async (yaml, message) => {
    await expect(hostOf(yaml).then((host) => host.loadHandlers())).rejects.toThrow(message);
  });
});

describe('a handler that cannot be isolated', () => {
  it.each([
    ['throws while it is loaded', 'throw new Error("broken module");', /cannot load .*broken module/],
    ['calls process.exit while it is loaded', 'process.exit(0);', /called process\.exit\(0\)/],
    ['loops while it is loaded', 'for (;;);', /did not return from describe\(\)/],
    ['is not a handler', 'export default () => 7;', /expected a handler; found (?:the number )?7/],
    [
      'has a wrong listener',
      'export default () => ({ name: "x", on: { a: 7 } });',
      /expected a function as the listener of "a", found number/,
    ],
    [
      'rejects its options',
      'export default () => { throw Object.assign(new Error("no"), { name: "IhandlerError", code: "OPTIONS_INVALID", problems: [{ path: "file", message: "expected a path" }] }); };',
      /config\.file: expected a path/,
    ],
  ])('because it %s is reported with the reason', async (_, body, message) => {
    handlers.write('broken', body);
    await expect(handlers.create('broken', {}, { timeout: 500 })).rejects.toThrow(message);
  });
});
