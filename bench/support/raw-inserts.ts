import Database from 'better-sqlite3';

/** The rows of a table, and how to insert one. */
export interface Rows {
  readonly sql: string;
  readonly rows: readonly unknown[][];
}

/** Every row of every table that the import filled, in order of its key. */
export function rowsOf(file: string): readonly Rows[] {
  const database = new Database(file, { readonly: true });
  const tables = database
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'dcerpcservice%' AND name <> 'mysql_command_ops'",
    )
    .pluck()
    .all() as string[];
  const result = tables.map((table) => {
    const rows = database.prepare(`SELECT * FROM ${table}`).raw().all() as unknown[][];
    return { sql: `INSERT INTO ${table} VALUES (${(rows[0] ?? []).map(() => '?')})`, rows };
  });
  database.close();
  return result.filter(({ rows }) => rows.length > 0);
}

/** The schema of the imported database, with every index and trigger. */
export function schemaOf(file: string): string {
  const database = new Database(file, { readonly: true });
  const statements = database
    .prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all();
  database.close();
  return statements.join(';\n');
}

/**
 * The limit: inserts the same rows, with their final roots and parents, into the same tables with the same indexes, one row at a
 * time in the given number of transactions. Returns milliseconds.
 */
export function insertRaw(
  tables: readonly Rows[],
  schema: string,
  file: string,
  { transactions, synchronous }: { readonly transactions: number; readonly synchronous: 'FULL' | 'NORMAL' },
): number {
  const began = performance.now();
  const database = new Database(file);
  database.pragma('auto_vacuum = INCREMENTAL');
  database.pragma('journal_mode = WAL');
  database.pragma(`synchronous = ${synchronous}`);
  database.pragma('cache_size = -65536');
  database.exec(schema);
  const inserts = tables.map(({ sql, rows }) => ({ statement: database.prepare(sql), rows }));
  const insert = database.transaction((part: number) => {
    for (const { statement, rows } of inserts) {
      const end = Math.floor((rows.length * (part + 1)) / transactions);
      for (let i = Math.floor((rows.length * part) / transactions); i < end; i += 1) statement.run(rows[i]);
    }
  });
  for (let part = 0; part < transactions; part += 1) insert(part);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return performance.now() - began;
}
