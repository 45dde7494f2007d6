import type { StoredRow } from './cells.ts';
import type { Layout } from './layout.ts';
import { createLookup, type OwnerQuery } from './lookup.ts';
import type { Database, Statement } from './open-database.ts';

/** Finds the rows of one table that belong to a row of another. */
export interface RelatedRows {
  /** The rows of `table` whose `owner` column has a value, in row id order, with those of the columns that exist. */
  of(table: string, owner: string, value: number, columns: readonly string[]): readonly StoredRow[];
  /**
   * The row of `partner` that belongs to a row of `table`, for tables to which dionaea writes one row each: both are the
   * n-th row of their connection. Cheap when called for the rows of a table in order.
   */
  partner(table: string, row: number, connection: number, partner: PartnerTable): StoredRow | undefined;
  /** Makes rows that were added since the last call available. */
  refresh(): void;
}

/** A table and the columns to read. */
export interface PartnerTable {
  readonly table: string;
  readonly columns: readonly string[];
}

/** The last pair of a connection. */
interface Pair {
  readonly row: number;
  /** Undefined after the last partner. */
  readonly partner: number | undefined;
}

const rememberedPairs = 1000;

/** Makes a {@link RelatedRows}. */
export function createRelatedRows(db: Database, layout: Layout): RelatedRows {
  const lookup = createLookup(db, layout);
  const statements = new Map<string, Statement | undefined>();
  const pairs = new Map<string, Pair>();

  /** A statement, which is prepared once; undefined when the table or its owner column is missing. */
  function statement(
    purpose: string,
    table: string,
    owner: string,
    make: (query: OwnerQuery) => string,
  ): Statement | undefined {
    const key = `${purpose} ${table}`;
    if (!statements.has(key)) {
      const query = lookup.find(table, owner);
      statements.set(key, query === undefined ? undefined : db.prepare(make(query)));
    }
    return statements.get(key);
  }
  function list(table: string, columns: readonly string[]): string {
    const existing = columns.filter((column) => layout.column(table, [column]) !== undefined);
    return ['t.rowid AS "row"', ...existing.map((column) => `t."${column}" AS "${column}"`)].join(', ');
  }
  function countBefore(table: string, connection: number, row: number): number {
    const count = statement(
      'count',
      table,
      'connection',
      ({ from, rowId }) => `SELECT count(*) AS n ${from} AND ${rowId} < ?`,
    );
    // Safe: count(*) is a number.
    return count === undefined ? 0 : (count.get(connection, row) as { n: number }).n;
  }
  function select({ table, columns }: PartnerTable, purpose: 'nth' | 'next'): Statement | undefined {
    const next = (rowId: string) => `AND ${rowId} > ? ORDER BY ${rowId} LIMIT 1`;
    const nth = (rowId: string) => `ORDER BY ${rowId} LIMIT 1 OFFSET ?`;
    const which = purpose === 'nth' ? nth : next;
    return statement(
      purpose,
      table,
      'connection',
      ({ from, rowId }) => `SELECT ${list(table, columns)} ${from} ${which(rowId)}`,
    );
  }
  function remember(key: string, pair: Pair): void {
    pairs.delete(key);
    pairs.set(key, pair);
    const [oldest] = pairs.keys();
    if (pairs.size > rememberedPairs && oldest !== undefined) pairs.delete(oldest);
  }

  return {
    refresh: () => lookup.refresh(),
    of(table, owner, value, columns) {
      const all = statement(
        'of',
        table,
        owner,
        ({ from, rowId }) => `SELECT ${list(table, columns)} ${from} ORDER BY ${rowId}`,
      );
      // Safe: columns hold the types of SQLite, and integers are returned as numbers.
      return all === undefined ? [] : (all.all(value) as StoredRow[]);
    },
    partner(table, row, connection, partner) {
      const key = `${table} ${connection}`;
      const last = pairs.get(key);
      const inOrder = last !== undefined && last.row < row;
      if (inOrder && last.partner === undefined) return undefined;
      const next = inOrder
        ? select(partner, 'next')?.get(connection, last.partner)
        : select(partner, 'nth')?.get(connection, countBefore(table, connection, row));
      // Safe: as above, and `row` is selected as a row id.
      const stored = next as (StoredRow & { readonly row: number }) | undefined;
      remember(key, { row, partner: stored?.row });
      return stored;
    },
  };
}
