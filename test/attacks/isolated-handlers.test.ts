import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createDispatcher,
  createIncident,
  createMemoryJournal,
  type DeadLetter,
  type Dispatcher,
  defineHandler,
  type Handler,
  type Incident,
} from '@ihandler/core';
import { exampleOrigins } from '@ihandler/testkit';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  bundleHandlers,
  type IsolatedHandlers,
  type Limits,
} from '../support/isolation/isolated-handlers.ts';

let handlers: IsolatedHandlers;
beforeAll(async () => {
  handlers = await bundleHandlers();
});
afterAll(() => handlers.remove());

const MIB = 2 ** 20;
const COUNT = 20;
/** The incident that makes the bad handlers fail. */
const POISON = 7;

function incidents(): readonly Incident[] {
  return Array.from({ length: COUNT }, (_, index) =>
    createIncident({
      id: `attack:${index + 1}`,
      origin: 'acme.seen',
      timestamp: index,
      sensor: 's',
      data: { n: index + 1, text: 'x' },
    }),
  );
}

/** A handler that keeps the numbers it gets. */
function witness(): { readonly handler: Handler; readonly numbers: number[] } {
  const numbers: number[] = [];
  const handler = defineHandler({
    name: 'witness',
    on: {
      'acme.seen': ({ data }) => {
        for (const key in {}) throw new Error(`polluted by ${key}`);
        numbers.push(...[data].map((one) => Number(one['n'])));
      },
    },
  });
  return { handler, numbers };
}

/** Starts a dispatcher with short retries; it is closed with the test. */
async function run(all: readonly Handler[], letters: DeadLetter[] = []): Promise<Dispatcher> {
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: all.map((handler) => ({ handler })),
    sensor: 's',
    dataDir: join(handlers.folder, 'data'),
    retry: { base: 20, cap: 200, attempts: 2 },
    onDeadLetter: (letter) => letters.push(letter),
  });
  onTestFinished(() => dispatcher.close());
  await dispatcher.start();
  return dispatcher;
}

/** Runs a bad handler, whose code is the body of a listener, beside a good one. */
async function attack(body: string, limits: Limits, setup = '') {
  const name = `bad-${Math.random().toString(36).slice(2)}`;
  handlers.write(
    name,
    `import { writeFileSync, appendFileSync } from 'node:fs';
     const held = [];
     ${setup}
     export default () => ({
       name: 'bad',
       start(context) { globalThis.context = context; },
       on: { 'acme.*': ({ data }, context) => { if (data.n !== ${POISON}) return; ${body} } },
     });`,
  );
  const bad = await handlers.create(name, {}, limits);
  const good = witness();
  const letters: DeadLetter[] = [];
  const dispatcher = await run([bad, good.handler], letters);
  return { dispatcher, good, letters };
}

async function settled(dispatcher: Dispatcher): Promise<void> {
  const behind = await dispatcher.drain({ stalledAfter: 30_000 });
  expect(behind).toEqual([]);
}

const everything = Array.from({ length: COUNT }, (_, index) => index + 1);

describe('an isolated handler', () => {
  it.each([
    ['loops without end', 'for (;;);', /did not return from listen\(\) within/],
    ['never returns', 'return new Promise(() => {});', /did not return from listen\(\) within/],
    ['exhausts its heap', 'for (;;) held.push({ a: [held.length, {}] });', /more than 32 MiB of memory/],
    [
      'exhausts memory outside of its heap',
      'for (;;) held.push(Buffer.alloc(2 ** 20, 1));',
      /more than 32 MiB of memory outside|did not return/,
    ],
    ['calls process.exit', 'process.exit(3);', /called process\.exit\(3\)/],
    [
      'throws in a timer',
      'setTimeout(() => { throw new Error("late") }, 1); return new Promise(() => {});',
      /late/,
    ],
    [
      'forgets to await',
      'Promise.reject(new Error("unawaited")); return new Promise(() => {});',
      /unawaited/,
    ],
  ])(
    'that %s loses that incident only, to the dead letters, and the others get all',
    async (_, body, reason) => {
      const { dispatcher, good, letters } = await attack(body, { memory: 32 * MIB, timeout: 1500 });
      await dispatcher.report(incidents());
      await settled(dispatcher);
      expect(good.numbers).toEqual(everything);
      const [letter, ...more] = letters;
      expect(more).toEqual([]);
      expect(letter?.incident.data).toMatchObject({ n: POISON });
      expect(letter?.reason).toMatch(reason);
      expect(dispatcher.status()[0]).toMatchObject({ counts: { delivered: COUNT - 1, dead: 1 }, pending: 0 });
    },
  );

  it('that loops does not keep the host from doing anything else', async () => {
    const { dispatcher, good } = await attack('for (;;);', { timeout: 3000 });
    await dispatcher.report(incidents());
    let late = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      late = Math.max(late, performance.now() - last - 20);
      last = performance.now();
    }, 20);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    clearInterval(timer);
    expect(good.numbers).toEqual(everything);
    expect(late).toBeLessThan(500);
    expect(dispatcher.status()[0]?.state).toBe('delivering');
  });

  it('that changes the prototypes of all objects changes only its own', async () => {
    const body = `
      Object.prototype.polluted = 'yes';
      Array.prototype.map = () => ['polluted'];
      Uint8Array.prototype.slice = () => 'polluted';`;
    const { dispatcher, good } = await attack(body, {});
    await dispatcher.report(incidents());
    await settled(dispatcher);
    expect(good.numbers).toEqual(everything);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('that floods the log, or reports without awaiting, keeps the memory of the host bounded', async () => {
    const before = process.memoryUsage.rss();
    const { dispatcher, good } = await attack(
      'const text = "x".repeat(1000); for (;;) { context.log.info(text); void context.report("acme.more", { text }).catch(() => {}); }',
      { memory: 64 * MIB, timeout: 1000 },
    );
    await dispatcher.report(incidents());
    await settled(dispatcher);
    expect(good.numbers).toEqual(everything);
    expect(process.memoryUsage.rss() - before).toBeLessThan(400 * MIB);
  });

  it('that ends between deliveries is started again, and receives the rest', async () => {
    const { dispatcher } = await attack('', {}, 'setTimeout(() => { throw new Error("idle") }, 300);');
    await dispatcher.report(incidents().slice(0, 3));
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await dispatcher.report(incidents().slice(3));
    await settled(dispatcher);
    expect(dispatcher.status()[0]).toMatchObject({ counts: { delivered: COUNT, dead: 0 } });
  });

  it('that is killed after it has stored a batch stores nothing twice', async () => {
    const name = 'commits-and-dies';
    const file = `${handlers.folder}/stored.json`;
    handlers.write(
      name,
      `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
       let kept = { numbers: [], checkpoint: {}, deaths: 0 };
       export default ({ file }) => ({
         name: 'commits',
         accepts: ['*'],
         start() { if (existsSync(file)) kept = JSON.parse(readFileSync(file, 'utf8')); },
         checkpoint: () => kept.checkpoint,
         write(batch, checkpoint) {
           kept.numbers.push(...batch.map(({ data }) => data.n));
           Object.assign(kept.checkpoint, checkpoint);
           const dies = kept.deaths++ < 3;
           writeFileSync(file, JSON.stringify(kept));
           if (dies) process.exit(1);
         },
       });`,
    );
    const handler = await handlers.create(name, { file });
    const dispatcher = await run([handler]);
    for (const one of incidents()) await dispatcher.report([one]);
    await settled(dispatcher);
    expect(JSON.parse(readFileSync(file, 'utf8')).numbers).toEqual(everything);
    expect(dispatcher.status()[0]).toMatchObject({ counts: { delivered: COUNT, dead: 0 } });
  });
});
