import { vi } from 'vitest';
import { defineHandler, type Listener } from '../contract/handler.ts';
import type { Incident } from '../contract/incident.ts';
import type { DeadLetter } from '../contract/journal.ts';
import type { Schema } from '../contract/meaning/schema.ts';
import { anything, open } from './delivery.ts';

/** A handler that reports, and what became of it: what others got, and the dead letters. */
export async function reporting(
  listener: Listener,
  reports: Readonly<Record<string, Schema>> = { 'acme.told': anything },
) {
  const told: Incident[] = [];
  const letters: DeadLetter[] = [];
  const log = { error: vi.fn(), warn() {}, info() {}, debug() {} };
  const reporter = defineHandler({ name: 'reporter', reports, on: { 'acme.thing.*': listener } });
  const other = defineHandler({ name: 'other', on: { 'acme.told*': (it) => void told.push(it) } });
  const dispatcher = await open([reporter, other], {
    now: () => 7777,
    log: () => log,
    onDeadLetter: (letter) => letters.push(letter),
  });
  return { dispatcher, told, letters, log };
}
