import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { defineHandler, type Handler } from '../contract/handler.ts';
import type { Incident, UntypedData } from '../contract/incident.ts';
import { defineSource } from '../contract/source.ts';
import { createIncident } from '../incident/create-incident.ts';
import { decodeIncident, encodeIncident } from '../incident/incident-codec.ts';
import { createDispatcher } from './dispatcher.ts';
import { createMemoryJournal } from './memory-journal.ts';

const original = (): UntypedData => ({
  bytes: Uint8Array.of(1, 2, 3),
  list: [Uint8Array.of(4), { deep: Uint8Array.of(5) }],
  connection: { id: 'c', remote: { host: '198.51.100.7', port: 1 } },
});

/** Changes everything that it can reach; what throws, throws. */
function vandalise(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  if (value instanceof Uint8Array) return void value.fill(0);
  for (const inner of Object.values(value)) vandalise(inner);
  for (const key of Object.keys(value)) {
    Reflect.set(value, key, 'vandalised');
    Reflect.deleteProperty(value, key);
  }
  Reflect.set(value, 'more', 'vandalised');
  Reflect.setPrototypeOf(value, { inherited: 'vandalised' });
}

/** Runs these handlers and one that keeps a copy of what it gets, last. */
async function witness(vandals: readonly Handler[]) {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-immutable-'));
  const seen: UntypedData[] = [];
  const ids: string[] = [];
  const keeper = defineHandler({
    name: 'keeper',
    accepts: ['*'],
    write(batch) {
      for (const { id, data } of batch) {
        ids.push(id);
        seen.push(structuredClone(data) as UntypedData);
      }
    },
  });
  const dispatcher = createDispatcher({
    journal: createMemoryJournal(),
    handlers: [...vandals, keeper].map((handler) => ({ handler })),
    sensor: 's',
    dataDir,
    retry: { base: 0, cap: 0 },
  });
  onTestFinished(async () => {
    await dispatcher.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  await dispatcher.start();
  return { dispatcher, seen, ids };
}

const made = (ordinal: number): Incident =>
  createIncident({ id: `s:${ordinal}`, origin: 'acme.seen', timestamp: 0, sensor: 's', data: original() });

const listens = defineHandler({
  name: 'listens',
  on: {
    '*': (incident) => {
      vandalise(incident);
    },
  },
});
const writes = defineHandler({
  name: 'writes',
  accepts: ['*'],
  write(batch) {
    for (const incident of batch) vandalise(incident);
  },
});

describe('a handler that changes everything it gets', () => {
  it.each([
    ['that was just reported', made],
    ['that was read from a journal', (ordinal: number) => decodeIncident(encodeIncident(made(ordinal)))],
  ])('leaves the others an incident %s as it was, bytes included', async (_, make) => {
    const { dispatcher, seen } = await witness([listens, writes]);
    await dispatcher.report([make(1), make(2)]);
    await dispatcher.drain({ stalledAfter: 5000 });
    expect(seen).toEqual([original(), original()]);
  });

  it('leaves the others what a source reported as plain objects', async () => {
    const { dispatcher, seen } = await witness([listens, writes]);
    const plain = { id: 's:1', origin: 'acme.seen', timestamp: 0, sensor: 's', data: original() };
    const source = defineSource({ name: 'plain', run: ({ report }) => report([plain]) });
    await dispatcher.run(source);
    await dispatcher.drain({ stalledAfter: 5000 });
    expect(seen).toEqual([original()]);
  });

  it('cannot take incidents out of its batch', async () => {
    const empties = defineHandler({
      name: 'empties',
      accepts: ['*'],
      write(batch) {
        (batch as Incident[]).length = 0;
      },
    });
    const { dispatcher } = await witness([empties]);
    await dispatcher.report([made(1), made(2)]);
    await dispatcher.drain({ stalledAfter: 5000 });
    const [status] = dispatcher.status();
    expect(status).toMatchObject({ counts: { delivered: 0, dead: 2 }, pending: 0 });
  });

  it('cannot change what it has reported', async () => {
    const anything = {
      '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
    } as const;
    const reporter = defineHandler({
      name: 'reporter',
      reports: { 'acme.made': anything },
      on: {
        'acme.seen': async (_, context) => {
          const inner = { bytes: Uint8Array.of(1) };
          await context.report('acme.made', Object.freeze({ inner }));
          inner.bytes.fill(0);
          inner.bytes = Uint8Array.of(9);
        },
      },
    });
    const { dispatcher, seen } = await witness([reporter]);
    await dispatcher.report([made(1)]);
    await dispatcher.drain({ stalledAfter: 5000 });
    expect(seen).toEqual([original(), { inner: { bytes: Uint8Array.of(1) } }]);
  });

  it('cannot change the context of its lane', async () => {
    const renames = defineHandler({
      name: 'renames',
      on: { '*': () => undefined },
      start(context) {
        Object.assign(context, { instance: 'keeper' });
      },
    });
    const { dispatcher, ids } = await witness([renames]);
    await dispatcher.report([made(1)]);
    expect(dispatcher.status()[0]).toMatchObject({ instance: 'renames', state: 'starting' });
    await dispatcher.drain({ stalledAfter: 500 });
    expect(ids).toContain('s:1');
  });
});
