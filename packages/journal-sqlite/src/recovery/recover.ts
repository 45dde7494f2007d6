import { decodeValue } from '@ihandler/core/kit';
import type { Database } from 'better-sqlite3';
import { entrySum, isSound, stateSum, streamSum } from '../write/checksum.ts';
import { exactText, originalText } from '../write/exact-text.ts';
import { createStreams } from '../write/streams.ts';
import { type Row, readableEntries, rowsFromBothEnds, rowsOf } from './damaged-rows.ts';
import { isCount, isReadable } from './readable-values.ts';
import { recoverCursors } from './recover-cursors.ts';

/** How far beyond the last readable position a damaged index is trusted. */
const TRUSTED_RANGE = 10_000_000;

function recoverEntries(from: Database, to: Database): { readonly positions: number; readonly last: number } {
  const streams = createStreams(to);
  const add = to.prepare(
    `INSERT OR IGNORE INTO entries (position, stream, ordinal, accepted_at, body, sum)
     VALUES (@position, @stream, @ordinal, @accepted_at, @body, @sum)`,
  );
  const noteGap = to.prepare('INSERT INTO gaps (first, last) VALUES (?, ?)');
  const noteSetBack = to.prepare('INSERT INTO clock_set_back (position) VALUES (?)');
  let [positions, last, earlier] = [0, 0, 0];
  for (const { id, ...values } of readableEntries(from)) {
    const { position, accepted_at: at } = values;
    const copy = { ...values, stream: streams.get(exactText(id.stream)).id };
    if (add.run({ ...copy, sum: entrySum(copy) }).changes === 0) continue;
    if (last > 0 && position > last + 1) noteGap.run(last + 1, position - 1);
    if (at < earlier) noteSetBack.run(position);
    positions += 1;
    [last, earlier] = [position, at];
  }
  return { positions, last };
}

function recoverSources(from: Database, to: Database): void {
  const add = to.prepare('INSERT OR IGNORE INTO sources (source, state, at, sum) VALUES (?, ?, ?, ?)');
  for (const { source, state, at, sum } of rowsFromBothEnds(from, 'sources', ['source'])) {
    if (!isReadable(source, originalText) || !isReadable(state, decodeValue)) continue;
    const row = { source, state, at: isCount(at) ? at : 0 };
    // A wrong state could skip incidents. Without one, the source resumes after the newest entry it delivered.
    if (isSound(row, stateSum, sum)) add.run(source, state, row.at, stateSum(row));
  }
}

function recoverStreams(from: Database, to: Database): void {
  const streams = createStreams(to);
  for (const { id, name, removed, sum } of rowsFromBothEnds(from, 'streams', ['id'])) {
    if (!isReadable(name, originalText) || !isCount(removed)) continue;
    if (isSound({ id: Number(id), name, removed }, streamSum, sum))
      streams.remove(streams.get(name).id, removed);
  }
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
 * whose counts balance, dead letters, source states. Never reuses a position, as far as the damaged journal shows. Returns how
 * many entries are lost.
 */
export function recover(from: Database, to: Database): number {
  const { positions, last } = recoverEntries(from, to);
  recoverStreams(from, to);
  recoverSources(from, to);
  const [journal]: Row[] = [...rowsOf(from, 'SELECT * FROM ihandler_journal')];
  const recordedTaken = journal?.['taken'];
  const known = Math.max(last, recoverCursors(from, to), isCount(recordedTaken) ? recordedTaken : 0);
  const [lowest, highest] = indexedRange(from, known);
  const taken = Math.max(known, highest);
  to.prepare('UPDATE ihandler_journal SET taken = ?').run(taken);
  if (typeof journal?.['name'] === 'string')
    to.prepare('UPDATE ihandler_journal SET name = ?').run(journal['name']);
  if (last > 0 && taken > last)
    to.prepare('INSERT INTO gaps (first, last) VALUES (?, ?)').run(last + 1, taken);
  const first = to.prepare<[], number | null>('SELECT min(position) FROM entries').pluck().get() ?? taken + 1;
  return taken - Math.min(lowest, first) + 1 - positions;
}
