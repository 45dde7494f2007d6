import type { Cell } from '@ihandler/attack-log';
import type { Database } from 'better-sqlite3';
import { fit } from './fit.ts';

/** How many rows one statement inserts. Several at a time are faster, most of all in a table with a trigger. */
const SIZES = [50, 10, 3, 1];

/** For each column, whether it has no type: SQLite then stores a value exactly as it is bound. */
function untypedColumns(database: Database, table: string, columns: readonly string[]): readonly boolean[] {
  const typeOf = database.prepare('SELECT type FROM pragma_table_info(?) WHERE name = ?').pluck();
  return columns.map((column) => typeOf.get(table, column) === '');
}

/** Makes a function that inserts rows, each with values for these columns in order. Prepares the statements when it is first called. */
export function prepareInsert(
  database: Database,
  table: string,
  columns: readonly string[],
): (rows: readonly (readonly Cell[])[]) => void {
  const prepare = () => {
    const one = `(${columns.map(() => '?').join(', ')})`;
    const statements = SIZES.map((size) => ({
      size,
      statement: database.prepare(
        `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${Array.from({ length: size }, () => one).join(', ')}`,
      ),
      // Reused for every run, to avoid an allocation each time.
      cells: new Array<Cell | bigint>(size * columns.length).fill(null),
    }));
    return { statements, untyped: untypedColumns(database, table, columns) };
  };
  let prepared: ReturnType<typeof prepare> | undefined;

  return (rows) => {
    if (rows.length === 0) return;
    prepared ??= prepare();
    const { statements, untyped } = prepared;
    let at = 0;
    for (const { size, statement, cells } of statements) {
      if (rows.length - at < size) continue;
      for (; rows.length - at >= size; at += size) {
        let cell = 0;
        for (let row = at; row < at + size; row += 1) {
          const values = rows[row] ?? [];
          for (let column = 0; column < values.length; column += 1) {
            cells[cell] = fit(values[column], untyped[column]);
            cell += 1;
          }
        }
        statement.run(...cells);
      }
      // Releases the values, which an attacker may have made large.
      cells.fill(null);
    }
  };
}
