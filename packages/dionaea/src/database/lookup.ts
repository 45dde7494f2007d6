import type { Layout } from './layout.ts';
import type { Database } from './open-database.ts';

/** How the rows of one owner are found. */
export interface Found {
  /** A FROM clause with the table as `t` and its owner bound to the first parameter. */
  readonly from: string;
  /** The row id, to compare and to order by: in the index that is used. */
  readonly rowId: string;
}

/** Says how to find the rows of an owner; undefined where the table or the column is missing. */
export type Lookup = (table: string, owner: string) => Found | undefined;

/**
 * Makes a {@link Lookup}. dionaea has no index for some of them; then one is built, once, in a temporary table of this
 * connection, so that a large database does not take quadratic time. Names are ours, never the database's.
 */
export function createLookup(db: Database, layout: Layout): Lookup {
  const built = new Set<string>();

  function buildIndex(index: string, table: string, owner: string): void {
    if (built.has(index)) return;
    const rows = `SELECT "${owner}", rowid FROM main."${table}" WHERE "${owner}" IS NOT NULL`;
    db.transaction(() => {
      db.exec(`CREATE TABLE ${index} (owner, row, PRIMARY KEY (owner, row)) WITHOUT ROWID`);
      db.exec(`INSERT INTO ${index} ${rows}`);
    })();
    built.add(index);
  }

  return (table, owner) => {
    if (layout.column(table, [owner]) === undefined) return undefined;
    if (layout.isIndexed(table, owner))
      return { from: `FROM main."${table}" t WHERE t."${owner}" = ?`, rowId: 't.rowid' };
    const index = `temp."${table}_by_${owner}"`;
    buildIndex(index, table, owner);
    const from = `FROM ${index} o JOIN main."${table}" t ON t.rowid = o.row WHERE o.owner = ?`;
    return { from, rowId: 'o.row' };
  };
}
