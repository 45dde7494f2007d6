import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { JournalDamage } from '@ihandler/core';
import { formatCount } from '@ihandler/core/kit';
import type { Database } from 'better-sqlite3';
import { freeName } from '../database/free-name.ts';
import { readBounds } from '../write/entries.ts';
import { noteDamage } from './note-damage.ts';
import { isCount } from './readable-values.ts';

/** How far a journal was, in a file of its own: it shows when the journal has lost its newest entries, or itself. */
interface HighWater {
  /** The name of the journal: see `schema`. */
  readonly journal: string;
  /** Its last position. */
  readonly position: number;
  /** The position up to which every instance had handled its incidents. */
  readonly released: number;
}

/** Milliseconds between two writes of the mark. */
const WRITE_EVERY = 1000;

/** The file that says how far a journal was. */
function markOf(file: string): string {
  return `${file}.mark`;
}

function readMark(file: string): HighWater | undefined {
  try {
    const { journal, position, released } = JSON.parse(readFileSync(markOf(file), 'utf8'));
    return typeof journal === 'string' && isCount(position) && isCount(released)
      ? { journal, position, released }
      : undefined;
  } catch {
    // There is none yet, or a crash has cut it.
    return undefined;
  }
}

function nameOf(db: Database): string {
  return String(db.prepare('SELECT name FROM ihandler_journal').pluck().get());
}

/**
 * Compares a journal with its mark, before it is used. Positions that it had given are not given again. Returns what is
 * missing, unless nothing is. `damage` is what was found before: what is missing is added to it. Call it within a
 * transaction.
 */
export function findMissing(
  db: Database,
  damage: JournalDamage | undefined,
  now: number,
): JournalDamage | undefined {
  const mark = readMark(db.name);
  const { before, last } = readBounds(db);
  if (mark === undefined || mark.position <= last) return damage;
  db.prepare('UPDATE ihandler_journal SET taken = ?').run(mark.position);
  if (last > before) db.prepare('INSERT INTO gaps (first, last) VALUES (?, ?)').run(last + 1, mark.position);
  if (damage !== undefined) {
    const more = noteDamage(db, { ...damage, lost: mark.position - last }, now);
    return { ...more, lost: damage.lost + more.lost };
  }
  const isAnother = mark.journal !== nameOf(db);
  const lost = mark.position - Math.max(mark.released, isAnother ? 0 : last);
  if (lost <= 0) return undefined;
  const setAside = freeName(`${db.name}.missing`, now);
  renameSync(markOf(db.name), setAside);
  const problem = isAnother
    ? `the journal that was here is gone: it had ${formatCount(lost, 'incident')} that some handler had not handled`
    : `its newest ${formatCount(mark.position - last, 'entry', 'entries')} are gone: its write-ahead log was damaged or removed, or an older copy took its place`;
  return noteDamage(db, { setAside, problem, lost }, now);
}

/** Keeps the mark of an open journal. */
export interface HighWaterMark {
  /** The journal was written. Updates the mark within a second. */
  afterWrite(): void;
  /** Every instance has passed a position. */
  release(upTo: number): void;
  /** Writes the mark for the last time. */
  close(): void;
}

/** Starts to keep the mark of a journal. `last` returns its last position. The timer does not keep the process alive. */
export function keepHighWater(db: Database, last: () => number): HighWaterMark {
  const journal = nameOf(db);
  const mark = markOf(db.name);
  const earlier = readMark(db.name);
  let released = earlier?.journal === journal ? earlier.released : 0;
  let timer: NodeJS.Timeout | undefined;

  function write(): void {
    timer = undefined;
    try {
      writeFileSync(mark, `${JSON.stringify({ journal, position: last(), released })}\n`, { mode: 0o640 });
    } catch {
      // The disk is full or failing, which the next write of incidents reports.
    }
  }

  function schedule(): void {
    timer ??= setTimeout(write, WRITE_EVERY).unref();
  }

  return {
    afterWrite: schedule,
    release(upTo) {
      if (upTo <= released) return;
      released = upTo;
      schedule();
    },
    close() {
      clearTimeout(timer);
      write();
    },
  };
}
