import { type Cursor, decodeIncident } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { cursorSum, isSound, letterSum } from '../write/checksum.ts';
import { createCursors } from '../write/cursors.ts';
import { originalText } from '../write/exact-text.ts';
import { type Row, rowsFromBothEnds } from './damaged-rows.ts';
import { isCount, isReadable } from './readable-values.ts';

/** The readable dead letters of an instance. */
interface LetterCounts {
  count: number;
  highest: number;
}

/** Copies dead letters. Returns their numbers, by instance as stored. */
function recoverLetters(from: Database, to: Database): ReadonlyMap<string, LetterCounts> {
  const add = to.prepare(
    `INSERT OR IGNORE INTO dead_letters (instance, position, reason, attempts, at, body, sum)
     VALUES (@instance, @position, @reason, @attempts, @at, @body, @sum)`,
  );
  const counts = new Map<string, LetterCounts>();
  for (const row of rowsFromBothEnds(from, 'dead_letters', ['instance', 'position'])) {
    const { instance, position, reason, attempts, at, body, sum } = row;
    if (!isCount(position) || !isCount(attempts) || typeof at !== 'number') continue;
    if (!isReadable(body, decodeIncident) || !isReadable(instance, originalText)) continue;
    if (typeof reason !== 'string') continue;
    const letter = { instance, position, reason, attempts, at, body };
    if (!isSound(letter, letterSum, sum)) continue;
    const { changes } = add.run({ ...letter, sum: letterSum(letter) });
    const letters = counts.get(instance) ?? { count: 0, highest: 0 };
    letters.count += changes;
    letters.highest = Math.max(letters.highest, position);
    counts.set(instance, letters);
  }
  return counts;
}

/** The cursor of an instance of which only dead letters are readable: it resumes after the last of them. */
function cursorAfter({ count, highest }: LetterCounts): Cursor {
  const counts = { delivered: 0, filtered: 0, dead: count, dropped: 0, lost: 0 };
  return { first: highest - count, position: highest, counts, written: {} };
}

/**
 * The cursor in a row with this number of readable dead letters; undefined when its counts do not balance. Unreadable dead letters
 * are counted as lost, so that the counts of the result balance.
 */
function readCursor(row: Row, readableLetters: number): Cursor | undefined {
  const { instance, first, position, delivered, filtered, dead, dropped, lost, written, sum } = row;
  if (!isCount(first) || !isCount(position) || !isCount(delivered) || !isCount(filtered)) return undefined;
  if (!isCount(dead) || !isCount(dropped) || !isCount(lost)) return undefined;
  if (first + delivered + filtered + dead + dropped + lost !== position) return undefined;
  const text = isReadable(written, JSON.parse) ? written : '{}';
  const values = { instance: String(instance), first, position, delivered, filtered, dead, dropped, lost };
  const readable = Math.min(dead, readableLetters);
  return {
    first,
    position,
    counts: { delivered, filtered, dead: readable, dropped, lost: lost + dead - readable },
    // A wrong checkpoint could make a handler receive everything again, or look up to date.
    written: isSound({ ...values, written: text }, cursorSum, sum) ? JSON.parse(text) : {},
  };
}

/**
 * Copies dead letters and the cursors whose counts balance. An instance with readable dead letters but no cursor resumes
 * after the last of them, and its counts start with them. Returns the highest position of any cursor or dead letter.
 */
export function recoverCursors(from: Database, to: Database): number {
  const cursors = createCursors(to);
  const letterCounts = recoverLetters(from, to);
  let highest = 0;
  for (const [instance, letters] of letterCounts) {
    cursors.set(originalText(instance), cursorAfter(letters), Date.now());
    highest = Math.max(highest, letters.highest);
  }
  for (const row of rowsFromBothEnds(from, 'cursors', ['instance'])) {
    const { instance, used_at: usedAt } = row;
    if (!isReadable(instance, originalText)) continue;
    const cursor = readCursor(row, letterCounts.get(instance)?.count ?? 0);
    if (cursor === undefined) continue;
    cursors.set(originalText(instance), cursor, isCount(usedAt) ? usedAt : Date.now());
    highest = Math.max(highest, cursor.position);
  }
  return highest;
}
