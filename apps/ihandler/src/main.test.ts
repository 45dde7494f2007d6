import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BuiltProgram, buildProgram } from './testing/built-program.ts';
import { installKeep, installLines, installPlain, lines } from './testing/fixture-packages.ts';
import { createWorld } from './testing/world.ts';

let program: BuiltProgram;
beforeAll(async () => {
  program = await buildProgram([]);
});
afterAll(() => program.remove());

const all = Array.from({ length: 5000 }, (_, n) => n + 1);

/** Stores numbers, and once waits for its close in the middle of a batch. */
const waiting = `
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
let kept = { numbers: [], checkpoint: {} };
let own;
export default () => ({
  contract: 1,
  name: 'waiting',
  accepts: ['*'],
  start(context) {
    own = context;
    if (existsSync('kept.json')) kept = JSON.parse(readFileSync('kept.json', 'utf8'));
  },
  checkpoint: () => kept.checkpoint,
  async write(batch, checkpoint) {
    if (batch.some(({ data }) => data.n === 2500) && !existsSync('waited')) {
      writeFileSync('waited', '');
      own.log.warn('in the middle');
      await new Promise((resolve) => own.signal.addEventListener('abort', resolve));
    }
    kept = {
      numbers: [...kept.numbers, ...batch.map(({ data }) => data.n)],
      checkpoint: { ...kept.checkpoint, ...checkpoint },
    };
    writeFileSync('kept.json', JSON.stringify(kept));
  },
});
`;

test.each(['SIGINT', 'SIGTERM'] as const)(
  'on %s import finishes the running batch, and the same command completes the rest with nothing twice',
  async (signal) => {
    const world = createWorld();
    installLines(world);
    installPlain(world, 'waiting', waiting);
    world.write('a.txt', lines(...all));
    const argv = ['import', 'a.txt', '--with', 'waiting'];
    const first = program.start(world, argv);
    await first.said('in the middle');
    first.child.kill(signal);
    const interrupted = await first.ended;
    expect(interrupted.code).toBe(130);
    expect(interrupted.stdout).toContain('ihandler import a.txt --with waiting');
    const kept = JSON.parse(world.read('kept.json')).numbers;
    expect(kept).toContain(2500);
    expect(kept.length).toBeLessThan(all.length);
    const second = await program.start(world, argv).ended;
    expect(second.code).toBe(0);
    expect(JSON.parse(world.read('kept.json')).numbers).toEqual(all);
  },
  60_000,
);

test('the program writes no progress and no colour without a terminal', async () => {
  const world = createWorld();
  installLines(world);
  installKeep(world);
  world.write('a.txt', lines(1, 2, 3));
  const { code, stdout, stderr } = await program.start(world, [
    'import',
    'a.txt',
    '--with',
    'keep:file=k.json',
  ]).ended;
  expect(code).toBe(0);
  expect(stderr).toBe('');
  expect(stdout).not.toContain('\u001b');
}, 30_000);

test('the program exits quietly when its output is closed', async () => {
  const world = createWorld();
  world.install(
    'ihandler-talk',
    { ihandler: { contract: 1, commands: { talk: { export: './talk.js', summary: 'Talks' } } } },
    {
      'talk.js': `export const commands = { talk: { name: 'talk', summary: '', usage: '', options: {}, examples: [],
        async run(_args, { terminal }) { for (;;) await terminal.write('word\\n'.repeat(1000)); } } };`,
    },
  );
  const running = program.start(world, ['talk']);
  running.child.stdout.once('data', () => running.child.stdout.destroy());
  const { code, stderr } = await running.ended;
  expect(stderr).toBe('');
  expect(code).toBe(0);
}, 30_000);

test('an error that a handler has not caught makes a dead letter, and names the place in its code', async () => {
  const world = createWorld();
  installLines(world);
  installPlain(
    world,
    'bomb',
    `export default () => ({ contract: 1, name: 'bomb', on: { '*': () => new Promise(() => setTimeout(() => { throw new Error('bang\\u001b[2J'); })) } });`,
  );
  world.write('a.txt', lines(1));
  const { code, stderr } = await program.start(world, ['import', 'a.txt', '--with', 'bomb']).ended;
  expect(code).toBe(3);
  expect(stderr).toMatch(
    /error: bomb: an error of the handler was not caught error=bang\\x1b\[2J \(at \S*main\.js:1:\d+\)/,
  );
}, 30_000);

test('an uncaught error that belongs to no handler ends the program with its stack', async () => {
  const world = createWorld();
  installLines(world);
  installPlain(
    world,
    'bomb',
    `globalThis.setTimeout(() => { const error = new Error('bang\\u001b[2J'); error.stack = 'Error: bang\\u001b[2J\\n    at nowhere'; throw error; }, 5);
     export default () => ({ contract: 1, name: 'bomb', on: { '*': () => new Promise(() => undefined) } });`,
  );
  world.write('a.txt', lines(1));
  const { code, stderr } = await program.start(world, ['import', 'a.txt', '--with', 'bomb']).ended;
  expect(code).toBe(4);
  expect(stderr).toBe('ihandler: unexpected error: Error: bang\\x1b[2J\n    at nowhere\n');
}, 30_000);

const reopening = `
let own;
let reopened;
const asked = new Promise((resolve) => { reopened = resolve; });
export default () => ({
  contract: 1,
  name: 'reopening',
  accepts: ['*'],
  start(context) {
    own = context;
  },
  reopen() {
    own.log.warn('reopened');
    reopened();
  },
  async write() {
    own.log.warn('in the middle');
    await asked;
  },
});
`;

test('on SIGHUP handlers reopen their files, and the import continues', async () => {
  const world = createWorld();
  installLines(world);
  installPlain(world, 'reopening', reopening);
  world.write('a.txt', lines(1, 2, 3));
  const running = program.start(world, ['import', 'a.txt', '--with', 'reopening', '-l', 'warning']);
  await running.said('in the middle');
  running.child.kill('SIGHUP');
  const { code, stderr } = await running.ended;
  expect(stderr).toContain('reopened');
  expect(code).toBe(0);
}, 60_000);
