import { setImmediate as nextTurn } from 'node:timers/promises';
import { addresses } from '@ihandler/core/kit';
import { tableNames } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';

/** The number of rows per transaction. */
const SLICE = 2000;

/** Tables whose texts are not rewritten: rows that name the host are removed, or they hold no text of an attacker. */
const untouched = new Set([
  'connections',
  'ihandler_meta',
  'ihandler_sensors',
  'ihandler_connections',
  'ihandler_checkpoints',
  'ihandler_waiting',
  'ihandler_streams',
  'ihandler_rows',
  'ihandler_runs',
  'ihandler_copies',
  'dcerpcservices',
  'dcerpcserviceops',
  'mysql_command_ops',
]);

type Cell = string | Buffer | number | bigint | null;

function changedCell(cell: Cell, isForgotten: (host: string) => boolean): string | Uint8Array | undefined {
  return typeof cell === 'string' || cell instanceof Uint8Array
    ? addresses.without(cell, isForgotten)
    : undefined;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * Replaces forgotten addresses in the texts of attacks in which they did not take part, such as a URL, by `forgotten`. Works in
 * short transactions. Returns how many rows changed.
 */
export async function forgetTexts(
  database: Database,
  isForgotten: (host: string) => boolean,
): Promise<number> {
  let changed = 0;
  for (const table of tableNames(database)) {
    if (untouched.has(table)) continue;
    const columns = database
      .prepare<[string], string>(
        "SELECT name FROM pragma_table_info(?) WHERE pk = 0 AND name <> 'connection'",
      )
      .pluck()
      .all(table);
    if (columns.length === 0) continue;
    const name = quoted(table);
    const page = database
      .prepare<[bigint], [rowid: bigint, ...cells: Cell[]]>(
        `SELECT rowid, ${columns.map(quoted).join(', ')} FROM ${name} WHERE rowid > ? ORDER BY rowid LIMIT ${SLICE}`,
      )
      .raw()
      .safeIntegers();
    const updates = columns.map((column) =>
      database.prepare<[string | Uint8Array, bigint]>(
        `UPDATE ${name} SET ${quoted(column)} = ? WHERE rowid = ?`,
      ),
    );

    /** Changes one slice of rows. Returns the last row id; undefined at the end. */
    const step = database.transaction((after: bigint): bigint | undefined => {
      const rows = page.all(after);
      for (const [rowid, ...cells] of rows) {
        let isChanged = false;
        cells.forEach((cell, index) => {
          const text = changedCell(cell, isForgotten);
          if (text === undefined) return;
          updates[index]?.run(text, rowid);
          isChanged = true;
        });
        if (isChanged) changed += 1;
      }
      return rows.at(-1)?.[0];
    });
    for (let at: bigint | undefined = -(2n ** 63n); at !== undefined; at = step(at)) await nextTurn();
  }
  return changed;
}
