import type { StoredRow } from './cells.ts';
import type { Layout } from './layout.ts';
import type { Database, Statement } from './open-database.ts';

/** Finds the rows of one table that belong to a row of another. */
export interface RelatedRows {
  /** The rows of `table` whose `owner` column holds a value, in row id order, with the columns named that are there. */
  of(table: string, owner: string, value: number, columns: readonly string[]): readonly StoredRow[];
  /** The n-th of them (0 is the first). */
  nth(
    table: string,
    owner: string,
    value: number,
    n: number,
    columns: readonly string[],
  ): StoredRow | undefined;
  /** How many of them come before a row id. */
  countBefore(table: string, owner: string, value: number, row: number): number;
}

/**
 * Makes a {@link RelatedRows}. dionaea has no index for some of these lookups; then one is built once, in a temporary
 * table of this connection, so that a large database does not take quadratic time.
 */
export function createRelatedRows(db: Database, layout: Layout): RelatedRows {
  const statements = new Map<string, Statement>();
  const sources = new Map<string, string>();

  /** A FROM clause with `t` (the table) and a condition on its owner. */
  function from(table: string, owner: string): string {
    const known = sources.get(table);
    if (known !== undefined) return known;
    let source = `FROM main."${table}" t WHERE t."${owner}" = ?`;
    if (!layout.isIndexed(table, owner)) {
      const index = `temp."${table}_by_${owner}"`;
      db.transaction(() => {
        db.exec(`CREATE TABLE ${index} (owner, row, PRIMARY KEY (owner, row)) WITHOUT ROWID`);
        db.exec(
          `INSERT INTO ${index} SELECT "${owner}", rowid FROM main."${table}" WHERE "${owner}" IS NOT NULL`,
        );
      })();
      source = `FROM ${index} o JOIN main."${table}" t ON t.rowid = o.row WHERE o.owner = ?`;
    }
    sources.set(table, source);
    return source;
  }
  function prepare(sql: string): Statement {
    const statement = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, statement);
    return statement;
  }
  function select(table: string, owner: string, columns: readonly string[]): string | undefined {
    if (!layout.has(table) || layout.column(table, [owner]) === undefined) return undefined;
    const there = columns.filter((column) => layout.column(table, [column]) !== undefined);
    const list = there.map((column) => `t."${column}" AS "${column}"`);
    return `SELECT ${['t.rowid AS row', ...list].join(', ')} ${from(table, owner)} ORDER BY t.rowid`;
  }

  return {
    of(table, owner, value, columns) {
      const sql = select(table, owner, columns);
      // Safe: columns hold what SQLite stores, and integers come as numbers.
      return sql === undefined ? [] : (prepare(sql).all(value) as StoredRow[]);
    },
    nth(table, owner, value, n, columns) {
      const sql = select(table, owner, columns);
      // Safe: as above.
      return sql === undefined
        ? undefined
        : (prepare(`${sql} LIMIT 1 OFFSET ?`).get(value, n) as StoredRow | undefined);
    },
    countBefore(table, owner, value, row) {
      if (layout.column(table, [owner]) === undefined) return 0;
      const sql = `SELECT count(*) AS n ${from(table, owner)} AND t.rowid < ?`;
      // Safe: count(*) is a number.
      return (prepare(sql).get(value, row) as { n: number }).n;
    },
  };
}
