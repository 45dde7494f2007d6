import { type Cursor, decodeIncident, parseIncidentId } from '@ihandler/core';
import { decodeValue } from '@ihandler/core/kit';
import type { Database } from 'better-sqlite3';
import { createCursors } from '../write/cursors.ts';
import { exactText, originalText } from '../write/exact-text.ts';
import { createStreams } from '../write/streams.ts';
import { type Row, readableEntries, rowsFromBothEnds, rowsOf } from './damaged-rows.ts';

/** How many entries of a damaged journal were readable and how many were lost: see `JournalDamage`. */
export interface RecoveryCounts {
  readonly readable: number;
  readonly lost: number;
}

/** How far beyond the last readable position a damaged index is trusted. */
const TRUSTED_RANGE = 10_000_000;

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Whether `read` accepts a text. */
function isReadable(text: unknown, read: (text: string) => unknown): text is string {
  try {
    return typeof text === 'string' && read(text) !== undefined;
  } catch {
    // The text is damaged.
    return false;
  }
}

function recoverEntries(from: Database, to: Database): { readonly positions: number; readonly last: number } {
  const streams = createStreams(to);
  const add = to.prepare(
    'INSERT OR IGNORE INTO entries (position, stream, ordinal, accepted_at, body) VALUES (?, ?, ?, ?, ?)',
  );
  const noteGap = to.prepare('INSERT INTO gaps (first, last) VALUES (?, ?)');
  const noteSetBack = to.prepare('INSERT INTO clock_set_back (position) VALUES (?)');
  let [positions, last, earlier] = [0, 0, 0];
  for (const { position, ordinal, accepted_at: at, body } of readableEntries(from)) {
    if (!isCount(at) || !isReadable(body, decodeIncident)) continue;
    const id = parseIncidentId(decodeIncident(body).id);
    // A row that was read from the wrong place has another ordinal.
    if (id.ordinal !== ordinal) continue;
    if (add.run(position, streams.get(exactText(id.stream)).id, ordinal, at, body).changes === 0) continue;
    if (last > 0 && position > last + 1) noteGap.run(last + 1, position - 1);
    if (at < earlier) noteSetBack.run(position);
    positions += 1;
    [last, earlier] = [position, at];
  }
  return { positions, last };
}

/** The readable dead letters of an instance. */
interface LetterCounts {
  count: number;
  highest: number;
}

/**
 * Copies dead letters and the cursors whose counts balance. An instance with readable dead letters but no cursor resumes
 * after the last of them, and its counts start with them. Returns the highest position of any cursor or dead letter.
 */
function recoverCursors(from: Database, to: Database): number {
  const cursors = createCursors(to);
  const addLetter = to.prepare(
    `INSERT OR IGNORE INTO dead_letters (instance, position, reason, attempts, at, body)
     VALUES (@instance, @position, @reason, @attempts, @at, @body)`,
  );
  let highest = 0;
  const letterCounts = new Map<string, LetterCounts>();
  for (const row of rowsFromBothEnds(from, 'dead_letters', ['instance', 'position'])) {
    if (!isCount(row['position']) || !isReadable(row['body'], decodeIncident)) continue;
    if (!isReadable(row['instance'], originalText) || typeof row['reason'] !== 'string') continue;
    const { changes } = addLetter.run({ ...row, attempts: Number(row['attempts']), at: Number(row['at']) });
    const letters = letterCounts.get(row['instance']) ?? { count: 0, highest: 0 };
    letters.count += changes;
    letters.highest = Math.max(letters.highest, row['position']);
    letterCounts.set(row['instance'], letters);
    highest = Math.max(highest, row['position']);
  }
  for (const [instance, letters] of letterCounts)
    cursors.set(originalText(instance), cursorAfter(letters), Date.now());
  for (const row of rowsFromBothEnds(from, 'cursors', ['instance'])) {
    const { instance, first, position, delivered, filtered, dropped, lost, written, used_at: usedAt } = row;
    if (!isReadable(instance, originalText)) continue;
    const counts = [first, delivered, filtered, row['dead'], dropped, lost];
    if (!isCount(position) || !counts.every(isCount)) continue;
    const [start = 0, ...sums] = counts;
    if (sums.reduce((sum, count) => sum + count, start) !== position) continue;
    const [taken = 0, notMatching = 0, dead = 0, droppedByCommand = 0, lostBefore = 0] = sums;
    // Unreadable dead letters are counted as lost, so that the counts balance.
    const readable = Math.min(dead, letterCounts.get(instance)?.count ?? 0);
    cursors.set(
      originalText(instance),
      {
        first: start,
        position,
        counts: {
          delivered: taken,
          filtered: notMatching,
          dead: readable,
          dropped: droppedByCommand,
          lost: lostBefore + dead - readable,
        },
        written: isReadable(written, JSON.parse) ? JSON.parse(written) : {},
      },
      isCount(usedAt) ? usedAt : Date.now(),
    );
    highest = Math.max(highest, position);
  }
  return highest;
}

function cursorAfter({ count, highest }: LetterCounts): Cursor {
  const counts = { delivered: 0, filtered: 0, dead: count, dropped: 0, lost: 0 };
  return { first: highest - count, position: highest, counts, written: {} };
}

function recoverSources(from: Database, to: Database): void {
  const add = to.prepare('INSERT OR IGNORE INTO sources (source, state, at) VALUES (?, ?, ?)');
  for (const { source, state, at } of rowsFromBothEnds(from, 'sources', ['source']))
    if (isReadable(source, originalText) && isReadable(state, decodeValue))
      add.run(source, state, isCount(at) ? at : 0);
}

function recoverStreams(from: Database, to: Database): void {
  const streams = createStreams(to);
  for (const { name, removed } of rowsFromBothEnds(from, 'streams', ['id']))
    if (isReadable(name, originalText) && isCount(removed)) streams.remove(streams.get(name).id, removed);
}

/** The lowest and the highest position in the index of a damaged journal. */
function indexedRange(from: Database, last: number): readonly [lowest: number, highest: number] {
  let [lowest, highest] = [Number.POSITIVE_INFINITY, 0];
  const rows = rowsOf(from, 'SELECT position FROM entries INDEXED BY sqlite_autoindex_entries_1');
  for (const { position } of rows) {
    if (!isCount(position) || position > last + TRUSTED_RANGE) continue;
    lowest = Math.min(lowest, position);
    highest = Math.max(highest, position);
  }
  return [lowest, highest];
}

/**
 * Copies all readable data of a damaged journal into a new one, within a transaction: entries with their positions, cursors
 * whose counts balance, dead letters, source states. Never reuses a position, as far as the damaged journal shows.
 */
export function recover(from: Database, to: Database): RecoveryCounts {
  const { positions, last } = recoverEntries(from, to);
  recoverStreams(from, to);
  recoverSources(from, to);
  const [journal]: Row[] = [...rowsOf(from, 'SELECT * FROM ihandler_journal')];
  const recordedTaken = journal?.['taken'];
  const known = Math.max(last, recoverCursors(from, to), isCount(recordedTaken) ? recordedTaken : 0);
  const [lowest, highest] = indexedRange(from, known);
  const taken = Math.max(known, highest);
  to.prepare('UPDATE ihandler_journal SET taken = ?').run(taken);
  if (last > 0 && taken > last)
    to.prepare('INSERT INTO gaps (first, last) VALUES (?, ?)').run(last + 1, taken);
  const first = to.prepare<[], number | null>('SELECT min(position) FROM entries').pluck().get() ?? taken + 1;
  return { readable: positions, lost: taken - Math.min(lowest, first) + 1 - positions };
}
