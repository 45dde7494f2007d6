import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDispatcher, createIncident, defineHandler } from '@ihandler/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import journalSqlite from './index.ts';
import { view } from './read/view.ts';
import { check } from './upkeep/check.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ihandler-state-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('journal-sqlite keeps the state of a handler, and lists it with no source', async () => {
  const file = join(folder, 'journal.sqlite');
  const seen: unknown[] = [];
  const handler = defineHandler({
    name: 'counter',
    on: {
      'acme.*': (_, { state }) => {
        seen.push(state.get());
        state.set({ count: seen.length, bytes: new Uint8Array([1, 2]) });
      },
    },
  });
  for (const ordinal of [1, 2]) {
    const journal = journalSqlite({ file });
    const dispatcher = createDispatcher({
      journal,
      handlers: [{ handler }],
      sensor: 'pot',
      dataDir: folder,
      origins: [],
    });
    await dispatcher.start();
    const parts = { id: `s:${ordinal}`, origin: 'acme.thing', timestamp: 1, sensor: 'a', data: {} };
    await dispatcher.report([createIncident(parts)]);
    await dispatcher.drain();
    await dispatcher.close();
  }
  expect(seen).toEqual([undefined, { count: 1, bytes: new Uint8Array([1, 2]) }]);
  const shown = view({ file });
  expect(shown.sources()).toEqual({});
  shown.close();
  expect((await check({ file })).problems).toEqual([]);
});
