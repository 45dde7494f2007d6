import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cursor, createIncident, type Incident, type Journal, type UntypedData } from '@ihandler/core';
import type { SqliteJournal } from '../journal.ts';
import { journalSqlite } from '../journal.ts';
import type { JournalSqliteOptions } from '../options.ts';

/** A temporary folder for a journal, with a clock. */
export interface JournalFolder {
  readonly folder: string;
  readonly file: string;
  /** The result of `now`. */
  time: number;
  open(options?: Partial<JournalSqliteOptions>): Promise<SqliteJournal>;
  /** The files of the folder that contain a text. */
  filesWith(text: string): readonly string[];
  /** Closes all open journals and removes the folder. */
  remove(): Promise<void>;
}

/** Creates an empty folder. */
export function createJournalFolder(): JournalFolder {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-journal-sqlite-'));
  const file = join(folder, 'journal.sqlite');
  const opened: Journal[] = [];
  const self: JournalFolder = {
    folder,
    file,
    time: 1_700_000_000_000,
    async open(options) {
      const journal = journalSqlite({ file, now: () => self.time, minFree: '0MB', ...options });
      await journal.open();
      opened.push(journal);
      return journal;
    },
    filesWith: (text) =>
      readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(text)),
    async remove() {
      for (const journal of opened) await journal.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return self;
}

/** An incident of the stream `s`. */
export function incidentAt(ordinal: number, data: UntypedData = {}, stream = 's'): Incident {
  return createIncident({
    id: `${stream}:${ordinal}`,
    origin: 'acme.thing',
    timestamp: 1,
    sensor: 'a',
    data,
  });
}

/** The incidents of a range of ordinals. */
export function incidentsOf(first: number, last: number, data: UntypedData = {}): readonly Incident[] {
  return Array.from({ length: last - first + 1 }, (_, i) => incidentAt(first + i, { ...data }));
}

/** A cursor that has delivered every incident up to a position, except its dead letters. */
export function cursorAt(position: number, dead = 0): Cursor {
  const counts = { delivered: position - dead, filtered: 0, dead, dropped: 0, lost: 0 };
  return { first: 0, position, counts, written: {} };
}

/** The ids of all entries of a journal. */
export async function idsOf(journal: Journal): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let after = 0; ; ) {
    const { before, incidents } = await journal.read(after, 1000);
    if (incidents.length === 0) return ids;
    ids.push(...incidents.map(({ id }) => id));
    after = before + incidents.length;
  }
}

/** Waits until a condition is true. Throws after twenty seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within twenty seconds: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
