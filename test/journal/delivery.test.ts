import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Checkpoint,
  createDispatcher,
  createMemoryJournal,
  defineHandler,
  type Handler,
  type Incident,
  type Journal,
  type Schema,
  temporary,
} from '@ihandler/core';
import journalSqlite from '@ihandler/journal-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { incidentOf } from '../support/journal/journal-samples.ts';

const root = mkdtempSync(join(tmpdir(), 'ihandler-delivery-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
let folder = root;
beforeEach(() => {
  folders += 1;
  folder = join(root, String(folders));
  mkdirSync(folder);
});

const anything: Schema = { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } };
const seen = (count: number): readonly Incident[] =>
  Array.from({ length: count }, (_, i) => incidentOf('s', i + 1));
const sqlite = () => journalSqlite({ file: join(folder, 'journal.sqlite'), minFree: '0MB' });

function createSignal() {
  let give = () => {};
  const promise = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { promise, give };
}

function dispatcherOf(journal: Journal, ...handlers: readonly Handler[]) {
  return createDispatcher({
    origins: [exampleOrigins],
    journal,
    handlers: handlers.map((handler) => ({ handler })),
    sensor: 'pot',
    dataDir: folder,
    batch: 2,
    retry: { base: 0, cap: 0, attempts: 2 },
  });
}

/** A handler that stores rows with its checkpoint, and its store. */
interface Keeper {
  readonly handler: Handler;
  rows: readonly string[];
  checkpoint: Checkpoint;
  start(): Promise<void> | void;
  before(batch: readonly string[]): void;
}

function createKeeper(glob: string): Keeper {
  const keeper: Keeper = {
    rows: [],
    checkpoint: {},
    start() {},
    before() {},
    handler: defineHandler({
      name: 'keeper',
      accepts: [glob],
      start: () => keeper.start(),
      checkpoint: () => keeper.checkpoint,
      write(batch, checkpoint) {
        const rows = batch.map(({ id }) => id);
        keeper.before(rows);
        keeper.rows = [...keeper.rows, ...rows];
        keeper.checkpoint = { ...keeper.checkpoint, ...checkpoint };
      },
    }),
  };
  return keeper;
}

describe.each([
  ['createMemoryJournal', createMemoryJournal],
  ['journalSqlite', sqlite],
])('a dispatcher on %s', (_, createJournal) => {
  it('delivers all reports of a batch to a handler with a checkpoint, whatever their order', async () => {
    const reporter = defineHandler({
      name: 'reporter',
      accepts: ['acme.thing.*'],
      reports: { 'acme.reported': anything },
      async write(batch, _checkpoint, context) {
        for (const cause of batch.toReversed()) await context.report('acme.reported', {}, { cause });
      },
    });
    const keeper = createKeeper('acme.reported');
    const { promise, give } = createSignal();
    keeper.start = () => promise;
    const dispatcher = dispatcherOf(createJournal(), reporter, keeper.handler);
    const started = dispatcher.start();
    // Handlers may report while a slow handler starts. It then reads the reports from the journal.
    while (dispatcher.status().some(({ instance, state }) => instance === 'reporter' && state !== 'live'))
      await new Promise(setImmediate);
    await dispatcher.report(seen(6));
    give();
    await started;
    expect(await dispatcher.drain()).toEqual([]);
    await dispatcher.close();
    expect(keeper.rows).toEqual(seen(6).map(({ id }) => id.replace('s:', 's/reporter/0:')));
  });
});

describe('a dispatcher that restarts on the same journal', () => {
  it('resumes: nothing is lost or delivered twice, and reports keep their ids', async () => {
    const heard: string[] = [];
    const reported: string[] = [];
    const reporter = defineHandler({
      name: 'reporter',
      reports: { 'acme.reported': anything },
      on: {
        'acme.thing.*': ({ id }, context) => {
          heard.push(id);
          return context.report('acme.reported', {});
        },
      },
    });
    const listener = defineHandler({
      name: 'listener',
      on: { 'acme.reported': ({ id }) => void reported.push(id) },
    });
    for (const count of [3, 3, 8]) {
      const dispatcher = dispatcherOf(sqlite(), reporter, listener);
      await dispatcher.start();
      await dispatcher.report(seen(count));
      expect(await dispatcher.drain()).toEqual([]);
      await dispatcher.close();
    }
    expect(heard).toEqual(seen(8).map(({ id }) => id));
    expect(reported).toEqual(seen(8).map(({ id }) => id.replace('s:', 's/reporter/0:')));
  });

  it('keeps dead letters when a handler lost its database and is stopped during redelivery', async () => {
    const keeper = createKeeper('acme.thing.*');
    const live = async () => {
      const journal = sqlite();
      const dispatcher = dispatcherOf(journal, keeper.handler);
      await dispatcher.start();
      return { journal, dispatcher };
    };
    keeper.before = (rows) => {
      if (rows.includes('s:5')) throw new Error('poison');
    };
    const first = await live();
    await first.dispatcher.report(seen(8));
    expect(await first.dispatcher.drain()).toEqual([]);
    await first.dispatcher.close();
    const kept = seen(8).flatMap(({ id }) => (id === 's:5' ? [] : [id]));
    expect(keeper.rows).toEqual(kept);

    Object.assign(keeper, { rows: [], checkpoint: {} });
    const { promise: stopped, give } = createSignal();
    keeper.before = (rows) => {
      if (!rows.includes('s:3')) return;
      give();
      throw temporary('the disk is full', { retryAfter: 86_400_000 });
    };
    const second = await live();
    await stopped;
    await second.dispatcher.close();

    keeper.before = () => {};
    const third = await live();
    expect(await third.dispatcher.drain()).toEqual([]);
    const [status] = third.dispatcher.status();
    expect(status?.counts).toMatchObject({ delivered: 7, dead: 1 });
    expect(await third.journal.deadLetters('keeper')).toHaveLength(1);
    await third.dispatcher.close();
    expect(keeper.rows).toEqual(kept);
  });
});
