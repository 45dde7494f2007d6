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
  /** Made, not opened. */
  readonly journal: Journal;
  /** What a durable journal has: another one, not opened, on what a crash leaves of this one (which is not closed). */
  reopen?(): Promise<Journal>;
}

/** An incident with an id, as a source would make it. */
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

/** Everything a journal has after a position. */
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

/** What stands where an incident stood that was forgotten. */
export function forgottenOf({ id, timestamp, sensor }: Incident): Incident {
  return createIncident({ id, origin: 'ihandler.incident.forgotten', timestamp, sensor, data: {} });
}
