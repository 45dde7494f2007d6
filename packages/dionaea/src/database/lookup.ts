import { lastRow } from './identify.ts';
import type { Layout } from './layout.ts';
import type { Database } from './open-database.ts';

/** The parts of a query for the rows of one owner. */
export interface OwnerQuery {
  /** A FROM clause with the table as `t` and its owner bound to the first parameter. */
  readonly from: string;
  /** The row id in the index that is used, to compare and to order by. */
  readonly rowId: string;
}

/** Finds rows by their owner. */
export interface Lookup {
  /** Returns the query for the rows of an owner; undefined when the table or the column is missing. */
  find(table: string, owner: string): OwnerQuery | undefined;
  /** Adds new rows to the temporary indexes. */
  refresh(): void;
}

interface BuiltIndex {
  readonly table: string;
  readonly owner: string;
  /** The last row in the index. */
  upTo: number;
}

/** How many rows are indexed at once, while a writer must wait. */
const pageRows = 2000;

/**
 * Makes a {@link Lookup}. Where dionaea has no index, it builds one, once, in a temporary table of this database
 * connection, so that a large database does not take quadratic time. All names come from this program, never from the
 * database.
 */
export function createLookup(db: Database, layout: Layout): Lookup {
  const built = new Map<string, BuiltIndex>();

  function fill(index: string, state: BuiltIndex): void {
    const last = lastRow(db, state.table);
    const page = db.prepare(
      `INSERT OR IGNORE INTO ${index} SELECT "${state.owner}", rowid FROM main."${state.table}"
       WHERE rowid > ? AND rowid <= ? AND "${state.owner}" IS NOT NULL`,
    );
    while (state.upTo < last) {
      const to = Math.min(last, state.upTo + pageRows);
      page.run(state.upTo, to);
      state.upTo = to;
    }
  }

  return {
    find(table, owner) {
      if (layout.column(table, [owner]) === undefined) return undefined;
      if (layout.isIndexed(table, owner))
        return { from: `FROM main."${table}" t WHERE t."${owner}" = ?`, rowId: 't.rowid' };
      const index = `temp."${table}_by_${owner}"`;
      let state = built.get(index);
      if (state === undefined) {
        db.exec(`CREATE TABLE ${index} (owner, row, PRIMARY KEY (owner, row)) WITHOUT ROWID`);
        state = { table, owner, upTo: -1 };
        built.set(index, state);
      }
      fill(index, state);
      const from = `FROM ${index} o JOIN main."${table}" t ON t.rowid = o.row WHERE o.owner = ?`;
      return { from, rowId: 'o.row' };
    },
    refresh() {
      for (const [index, state] of built) fill(index, state);
    },
  };
}
