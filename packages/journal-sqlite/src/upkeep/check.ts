import { decodeIncident, describeError, type JournalCheck, parseIncidentId } from '@ihandler/core';
import { decodeValue, formatCount } from '@ihandler/core/kit';
import type { Database } from 'better-sqlite3';
import { parseJournalOptions } from '../options.ts';
import { openReadable } from '../read/readable-journal.ts';
import { changedRows } from '../recovery/verify.ts';
import { readCursors } from '../write/cursors.ts';
import { readBounds } from '../write/entries.ts';
import { exactText } from '../write/exact-text.ts';

/** The most problems of one kind to list. The others are counted. */
const MOST_LISTED = 20;

type Report = (problem: string) => void;

interface EntryRow {
  readonly position: number;
  readonly stream: string | null;
  readonly ordinal: number;
  readonly body: string;
}

/** Checks every entry: its text, its id, and that none is missing. Returns the number of entries. */
function checkEntries(db: Database, report: Report): number {
  const rows = db.prepare<[], EntryRow>(
    `SELECT position, name AS stream, ordinal, body FROM entries LEFT JOIN streams ON streams.id = stream ORDER BY position`,
  );
  const gap = db
    .prepare<[number, number], number>('SELECT last FROM gaps WHERE first <= ? AND last >= ?')
    .pluck();
  let [count, expected] = [0, readBounds(db).before + 1];
  for (const { position, stream, ordinal, body } of rows.iterate()) {
    count += 1;
    while (expected < position) {
      const end = gap.get(expected, expected);
      if (end === undefined) report(`positions ${expected} to ${position - 1} are missing`);
      expected = (end ?? position) + 1;
    }
    expected = position + 1;
    try {
      const id = parseIncidentId(decodeIncident(body).id);
      if (exactText(id.stream) !== stream || id.ordinal !== ordinal)
        report(`the entry at position ${position} has another id than its incident`);
    } catch (error) {
      report(`the entry at position ${position} is unreadable: ${describeError(error)}`);
    }
  }
  return count;
}

/** Checks every instance: its counts, its position and its dead letters. Returns the number of instances. */
function checkCursors(db: Database, report: Report): number {
  const { last } = readBounds(db);
  const letters = db
    .prepare<[string], number>('SELECT count(*) FROM dead_letters WHERE instance = ?')
    .pluck();
  const cursors = Object.entries(readCursors(db));
  for (const [instance, { first, position, counts }] of cursors) {
    const { delivered, filtered, dead, dropped, lost } = counts;
    const sum = first + delivered + filtered + dead + dropped + lost;
    if (sum !== position)
      report(
        `the counts of ${instance} do not balance: ${formatCount(first)} + ${formatCount(delivered)} delivered + ${formatCount(filtered)} filtered + ${formatCount(dead)} dead + ${formatCount(dropped)} dropped + ${formatCount(lost)} lost is ${formatCount(sum)}, its position is ${formatCount(position)}`,
      );
    const stored = letters.get(exactText(instance)) ?? 0;
    if (stored !== dead)
      report(
        `${instance} has ${formatCount(stored, 'dead letter')}, but its counts say ${formatCount(dead)}`,
      );
    if (position > last) report(`${instance} is at position ${position}, but the newest entry is ${last}`);
  }
  return cursors.length;
}

function checkTexts(db: Database, report: Report): undefined {
  const letters = db.prepare<[], { instance: string; position: number; body: string }>(
    'SELECT instance, position, body FROM dead_letters',
  );
  for (const { instance, position, body } of letters.iterate())
    try {
      decodeIncident(body);
    } catch (error) {
      report(`the dead letter of ${instance} at position ${position} is unreadable: ${describeError(error)}`);
    }
  const orphans = db
    .prepare<[], string>(
      'SELECT DISTINCT instance FROM dead_letters WHERE instance NOT IN (SELECT instance FROM cursors)',
    )
    .pluck();
  for (const instance of orphans.all()) report(`${instance} has dead letters but no cursor`);
  const sources = db.prepare<[], { source: string; state: string }>('SELECT source, state FROM sources');
  for (const { source, state } of sources.iterate())
    try {
      decodeValue(state);
    } catch (error) {
      report(`the state of source ${source} is unreadable: ${describeError(error)}`);
    }
}

function checkSums(db: Database, report: Report): undefined {
  for (const problem of changedRows(db)) report(problem);
}

function checkDatabase(db: Database, report: Report): undefined {
  // Safe: the pragma returns rows of one text.
  const rows = db.pragma('integrity_check(20)') as { readonly integrity_check: string }[];
  for (const { integrity_check: problem } of rows) if (problem !== 'ok') report(problem);
}

/**
 * Checks a whole journal without changing it: the database itself, that every body is readable and
 * every row matches its checksum, that no position is missing
 * except those lost to damage, that the counts of every instance balance. Takes about one second for 50,000 entries. Throws
 * `TARGET_UNREADABLE` or `JOURNAL_INVALID`.
 */
export function check(options: object): JournalCheck {
  const db = openReadable(parseJournalOptions(options).file);
  const problems: string[] = [];
  let unlisted = 0;

  function guarded(work: (db: Database, report: Report) => number | undefined): number {
    let count = 0;
    try {
      return (
        work(db, (problem) => {
          count += 1;
          if (count <= MOST_LISTED) problems.push(problem);
          else unlisted += 1;
        }) ?? 0
      );
    } catch (error) {
      problems.push(describeError(error));
      return 0;
    }
  }

  try {
    // One transaction, so that all checks see the same state while another process writes.
    db.exec('BEGIN');
    guarded(checkDatabase);
    const entries = guarded(checkEntries);
    const instances = guarded(checkCursors);
    guarded(checkTexts);
    guarded(checkSums);
    if (unlisted > 0) problems.push(`and ${formatCount(unlisted)} more`);
    return { problems, entries, instances };
  } finally {
    db.close();
  }
}
