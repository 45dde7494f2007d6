import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createOriginals, type Fact, type Original } from '../support/copies/originals.ts';
import { postgresStore, type Store, sqliteStore } from '../support/copies/stores.ts';
import { describeService } from '../support/servers/available.ts';
import { type Postgres, startPostgres } from '../support/servers/postgres.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-copies-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Three databases of ours, and originals that have grown. */
function world() {
  const folder = temporaryFolder();
  const originals = createOriginals(folder);
  const grown = (original: Original): Original => {
    for (const seed of [3, 1, 6, 2, 9]) original.grow(seed);
    return original;
  };
  const [a, b, c] = ['a', 'b', 'c'].map((name) => sqliteStore(folder, name)) as [Store, Store, Store];
  return { folder, a, b, c, database: grown(originals.database()), log: grown(originals.log()) };
}
const fileOf = ({ file = '' }: { readonly file: string | undefined }) => file;
const factsOf = (...originals: readonly Original[]): readonly Fact[] =>
  originals.flatMap(({ facts }) => facts).sort();

describe('a database of log-sqlite that is imported into another one', () => {
  it.each(['database', 'log'] as const)(
    'is stored once, before and after its original, a %s',
    async (kind) => {
      const { a, b, c, [kind]: original } = world();
      await a.import(original.file);
      await b.import(fileOf(a));
      await b.import(original.file);
      await b.import(fileOf(a));
      await c.import(original.file);
      await c.import(fileOf(a));
      await c.import(fileOf(b));
      for (const store of [a, b, c]) expect(await store.facts()).toEqual(factsOf(original));
    },
  );

  it.each(['database', 'log'] as const)(
    'adds nothing when it comes back, whose original is a %s',
    async (kind) => {
      const { a, b, c, [kind]: original } = world();
      await a.import(original.file);
      for (const [from, to] of [
        [a, b],
        [b, a],
        [b, c],
        [c, a],
        [c, b],
        [a, c],
      ] as const)
        await to.import(fileOf(from));
      original.grow(7);
      await a.import(original.file);
      await b.import(fileOf(a));
      await c.import(original.file);
      await c.import(fileOf(b));
      for (const store of [a, b, c]) expect(await store.facts()).toEqual(factsOf(original));
    },
  );

  it('adds what the other one lacks, although both came from the same original', async () => {
    const { a, b, c, log, database } = world();
    const accepts = { only: ['dionaea.connection.**'] };
    await a.import(log.file, accepts);
    await b.import(fileOf(a));
    await b.import(log.file);
    await c.import(fileOf(a));
    await c.import(fileOf(b));
    expect(await b.facts()).toEqual(factsOf(log));
    expect(await c.facts()).toEqual(factsOf(log));
    await a.import(database.file);
    await c.import(fileOf(a));
    expect(await c.facts()).toEqual(factsOf(log, database));
  });
});

/** Steps of a random run: which file grows or which is imported where. */
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('grow', 'rotate', 'import', 'import', 'copy', 'copy', 'copy'),
    from: fc.nat(20),
    to: fc.nat(20),
    seed: fc.nat(100),
  }),
  { minLength: 5, maxLength: 25 },
);
type Steps = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** Runs steps on stores, and checks after each that every store has the evidence that it was given, each once. */
async function runSteps(folder: string, stores: readonly Store[], todo: Steps): Promise<void> {
  const make = createOriginals(folder);
  const originals = [make.database(), make.log()];
  const expected = stores.map(() => new Map<Original, number>());
  for (const original of originals) original.grow(1);
  for (const { kind, from, to, seed } of todo) {
    const original = originals[from % originals.length];
    const target = to % stores.length;
    const store = stores[target];
    const source = stores[from % stores.length];
    const has = expected[target];
    if (original === undefined || store === undefined || source === undefined || has === undefined) continue;
    if (kind === 'grow') original.grow(seed);
    else if (kind === 'rotate') {
      const young = seed % 2 === 0 ? make.database() : make.log();
      young.grow(seed);
      originals.push(young);
    } else if (kind === 'import') {
      await store.import(original.file);
      has.set(original, original.facts.length);
    } else if (
      source !== store &&
      source.file !== undefined &&
      (expected[stores.indexOf(source)]?.size ?? 0) > 0
    ) {
      await store.import(source.file);
      for (const [of, count] of expected[stores.indexOf(source)] ?? [])
        has.set(of, Math.max(has.get(of) ?? 0, count));
    } else continue;
    const facts = [...has].flatMap(([{ facts: all }, count]) => all.slice(0, count)).sort();
    if (kind === 'import' || kind === 'copy') expect(await store.facts()).toEqual(facts);
  }
}

describe('databases that are imported into each other at random while their originals grow and rotate', () => {
  it('have each piece of evidence once', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (todo) => {
        const folder = mkdtempSync(join(tmpdir(), 'ihandler-copies-'));
        try {
          await runSteps(
            folder,
            ['a', 'b', 'c'].map((name) => sqliteStore(folder, name)),
            todo,
          );
        } finally {
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: 30, endOnFailure: true },
    );
  }, 120_000);
});

describeService('postgres', () => {
  let server: Postgres;
  let schemas = 0;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('PostgreSQL and databases that are imported at random have each piece of evidence once', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (todo) => {
        const folder = mkdtempSync(join(tmpdir(), 'ihandler-copies-'));
        schemas += 1;
        try {
          const stores = ['a', 'b'].map((name) => sqliteStore(folder, name));
          await runSteps(folder, [...stores, postgresStore(folder, server.url, `copies_${schemas}`)], todo);
        } finally {
          rmSync(folder, { recursive: true });
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
  }, 120_000);
});
