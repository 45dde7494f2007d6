import { recording } from '@ihandler/test-support/recordings';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { type DionaeaTable, type Row, TABLES } from './index.ts';
import { decode } from './rows/cells.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { recordedIncidents } from './testing/wire.ts';

const tables = Object.keys(TABLES) as DionaeaTable[];

/** All rows that dionaea wrote, its BLOBs as text. */
function dionaeaRows(name: string): Record<DionaeaTable, Row[]> {
  const file = recording(`${name}/log_sqlite.sqlite`);
  const database = new Database(file, { readonly: true });
  const rowsOf = (table: DionaeaTable) =>
    database
      .prepare(`SELECT ${TABLES[table].join(', ')} FROM ${table} ORDER BY 1`)
      .raw()
      .all()
      // dionaea stores bytes as BLOB (known difference): incidents here hold their text.
      .map((row) => (row as unknown[]).map((cell) => (cell instanceof Uint8Array ? decode(cell) : cell)));
  try {
    return Object.fromEntries(tables.map((table) => [table, rowsOf(table)])) as Record<DionaeaTable, Row[]>;
  } finally {
    database.close();
  }
}

/** Removes the times from the rows of `connections`, and returns them. */
function takeTimes(rows: Row[]): number[] {
  return rows.map((row) => row.splice(4, 1)[0] as number);
}

function compare(rows: Record<DionaeaTable, Row[]>, expected: Record<DionaeaTable, Row[]>) {
  const times = takeTimes(rows.connections);
  // Known difference: dionaea's log_sqlite reads the clock again, some milliseconds after log_incident.
  takeTimes(expected.connections).forEach((time, index) => {
    expect(Math.abs(time - (times[index] ?? 0))).toBeLessThan(0.1);
  });
  for (const table of tables) expect(rows[table], table).toEqual(expected[table]);
}

describe('the rows of a recording', () => {
  it.each([1, 7, 1000])('equal those that dionaea wrote (a), in batches of %i', (size) => {
    const incidents = recordedIncidents('dionaea-a/log_incident.ndjson');
    const store = new MemoryStore();
    for (let at = 0; at < incidents.length; at += size) store.write(incidents.slice(at, at + size));
    compare(store.rows, dionaeaRows('dionaea-a'));
  });

  it('equal those that dionaea wrote (c)', () => {
    // Known difference: the sensor's own hpfeeds connection came before log_sqlite was listening.
    const incidents = recordedIncidents('dionaea-c/log_incident.ndjson').filter(
      ({ data }) => (data['connection'] as { protocol?: string } | undefined)?.protocol !== 'hpclient',
    );
    const store = new MemoryStore();
    store.write(incidents);
    const expected = dionaeaRows('dionaea-c');
    // Known difference: a command whose arguments are not UTF-8 never reached log_incident, and log_sqlite has no arguments of it.
    const lost = expected.mysql_commands.findIndex(
      ([key, , code]) => code === 3 && !expected.mysql_command_args.some(([, command]) => command === key),
    );
    const [lostKey] = expected.mysql_commands.splice(lost, 1)[0] as [number];
    for (const row of expected.mysql_commands) if (Number(row[0]) > lostKey) row[0] = Number(row[0]) - 1;
    for (const row of expected.mysql_command_args) if (Number(row[1]) > lostKey) row[1] = Number(row[1]) - 1;
    compare(store.rows, expected);
  });
});
