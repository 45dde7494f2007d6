import type { Cell } from '@ihandler/attack-log';
import type { Database, Statement } from 'better-sqlite3';
import { storable } from './storable.ts';

/** How many rows one statement inserts: several at a time cost less, above all where a trigger watches the table. */
const SIZES = [20, 4, 1];

/** Prepares the insertion of rows with values for these columns, in order. */
export function prepareInsert(
  database: Database,
  table: string,
  columns: readonly string[],
): (rows: readonly (readonly Cell[])[]) => void {
  const one = `(${columns.map(() => '?').join(', ')})`;
  const statements: readonly (readonly [number, Statement])[] = SIZES.map((size) => [
    size,
    database.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array.from({ length: size }, () => one).join(', ')}`,
    ),
  ]);

  return (rows) => {
    let at = 0;
    for (const [size, statement] of statements)
      for (; rows.length - at >= size; at += size) {
        const cells: (Cell | bigint)[] = [];
        for (let row = at; row < at + size; row += 1)
          for (const cell of rows[row] ?? []) cells.push(storable(cell));
        statement.run(...cells);
      }
  };
}
