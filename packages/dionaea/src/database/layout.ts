import type { Database } from './open-database.ts';

/** The tables and columns of a database; dionaea's tables have changed over the years. */
export interface Layout {
  has(table: string): boolean;
  /** The first of these columns that the table has. */
  column(table: string, names: readonly string[]): string | undefined;
  /** Whether an index begins with the column, so that lookups by it are cheap. */
  isIndexed(table: string, column: string): boolean;
}

/** Reads the tables and columns of a database. */
export function readLayout(db: Database): Layout {
  const columnsOf = db.prepare<[string], { name: string; pk: number }>(
    'SELECT name, pk FROM pragma_table_info(?)',
  );
  const indexOf = db
    .prepare<[string, string], number>(
      'SELECT 1 FROM pragma_index_list(?) l, pragma_index_info(l.name) i WHERE i.seqno = 0 AND i.name = ?',
    )
    .pluck();
  const tables = new Map<string, Set<string>>();
  for (const { name } of db
    .prepare<[], { name: string }>("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all())
    tables.set(name, new Set(columnsOf.all(name).map((column) => column.name)));
  return {
    has: (table) => tables.has(table),
    column: (table, names) => names.find((name) => tables.get(table)?.has(name)),
    isIndexed: (table, column) => indexOf.get(table, column) !== undefined,
  };
}
