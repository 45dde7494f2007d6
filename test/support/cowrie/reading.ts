import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createDispatcher,
  createMemoryJournal,
  defineHandler,
  type Handler,
  type Incident,
  type Reject,
} from '@ihandler/core';
import { exampleOrigins } from '@ihandler/testkit';
import { expect, onTestFinished } from 'vitest';
import { cowrie } from './cowrie-source.ts';

/** A cowrie.json with lines of four generations of cowrie. */
export const recording = fileURLToPath(new URL('../../recordings/cowrie/cowrie.json', import.meta.url));

/** A folder that is removed after the test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-cowrie-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts handlers on a journal in memory; they are closed after the test. */
export async function start(handlers: readonly Handler[], rejects: Reject[] = []) {
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: handlers.map((handler) => ({ handler })),
    sensor: 'honeypot-1',
    dataDir: newFolder(),
    onReject: (_, reject) => void rejects.push(reject),
  });
  onTestFinished(() => dispatcher.close());
  await dispatcher.start();
  return dispatcher;
}

/** All incidents of a file, as a `*` listener gets them. */
export async function incidentsOf(file: string): Promise<readonly Incident[]> {
  const got: Incident[] = [];
  const dispatcher = await start([defineHandler({ name: 'all', on: { '*': (it) => void got.push(it) } })]);
  await dispatcher.run(cowrie({ file }));
  expect(await dispatcher.drain()).toEqual([]);
  return got;
}
