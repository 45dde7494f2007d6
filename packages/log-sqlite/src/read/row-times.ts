import { ROW_TABLES, type StoredRow, type Table, TIMED_TABLES } from '@ihandler/attack-log';
import type { Database } from 'better-sqlite3';

interface Entry {
  readonly first: number;
  readonly times: readonly number[];
}

const timed: ReadonlySet<Table> = new Set(TIMED_TABLES);

/** The times of an entry in microseconds: the first one is followed by differences. Empty for an entry in another form. */
function readTimes(text: string | null): readonly number[] {
  const parsed: unknown = text === null ? undefined : JSON.parse(text);
  if (!Array.isArray(parsed)) return [];
  let time = 0;
  return parsed.map((difference) => {
    time += Number(difference);
    return time;
  });
}

/** Makes a function that adds `time`, in seconds, to the rows of dionaea's tables of which the database recorded it. */
export function createRowTimes(
  database: Database,
): (table: Table, rows: StoredRow[]) => readonly StoredRow[] {
  const isRecorded = database.prepare(
    "SELECT 1 FROM pragma_table_info('ihandler_rows') WHERE name = 'times'",
  );
  if (isRecorded.get() === undefined) return (_table, rows) => rows;
  const find = database
    .prepare<[string, number], [first: number, times: string | null]>(
      `SELECT first_row, times FROM ihandler_rows WHERE table_name = ? AND first_row <= ?
        ORDER BY first_row DESC LIMIT 1`,
    )
    .raw();
  return (table, rows) => {
    if (!timed.has(table)) return rows;
    let entry: Entry | undefined;
    return rows.map((row) => {
      const key = Number(row[ROW_TABLES[table][0]]);
      if (entry === undefined || key < entry.first || key >= entry.first + entry.times.length) {
        const [first, times] = find.get(table, key) ?? [0, null];
        entry = { first, times: readTimes(times) };
      }
      const time = entry.times[key - entry.first];
      return time === undefined ? row : { ...row, time: time / 1e6 };
    });
  };
}
