import {
  type Cursor,
  createIncident,
  type DeadLetter,
  type Incident,
  type Journal,
  type UntypedData,
} from '@ihandler/core';
import { expect } from 'vitest';

/** A journal under test. */
export interface JournalUnderTest {
  /** A journal that is not open yet. */
  readonly journal: Journal;
  /** Only for durable journals: another journal, not open yet, on the files that a crash of this one (still open) would leave. */
  reopen?(): Promise<Journal>;
}

/** An incident with an id, as from a source. */
export function incidentOf(stream: string, ordinal: number, data: UntypedData = {}): Incident {
  return createIncident({
    id: `${stream}:${ordinal}`,
    origin: 'acme.thing.seen',
    timestamp: 1_257_476_400_993.089,
    sensor: 'sensor-1',
    data,
  });
}

/** A cursor that has delivered everything up to a position. */
export function cursorAt(position: number, more: Partial<Cursor> = {}): Cursor {
  const counts = { delivered: position, filtered: 0, dead: 0, dropped: 0, lost: 0 };
  return { first: 0, position, counts, written: {}, ...more };
}

/** A dead letter. */
export function letterAt(instance: string, position: number, incident: Incident): DeadLetter {
  return { instance, position, incident, reason: 'the disk said "no"', attempts: 5, at: 1_700_000_000_000.5 };
}

/** All entries of a journal after a position. */
export async function readAll(journal: Journal, after = 0): Promise<readonly Incident[]> {
  const all: Incident[] = [];
  for (let run = await journal.read(after, 7); run.incidents.length > 0; ) {
    expect(run.before).toBe(after + all.length);
    all.push(...run.incidents);
    run = await journal.read(after + all.length, 7);
  }
  return all;
}

export const range = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** The replacement of a forgotten incident. */
export function forgottenOf({ id, timestamp, sensor }: Incident): Incident {
  return createIncident({ id, origin: 'ihandler.incident.forgotten', timestamp, sensor, data: {} });
}
