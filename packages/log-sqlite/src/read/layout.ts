import { ROW_TABLES, type Table } from '@ihandler/attack-log';
import { tableNames } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';

/** Finds the rows of a table in a database of any age. */
export interface Layout {
  /** A table or subquery with today's columns of the table. Columns that an old layout lacks are NULL. */
  source(table: Table): string;
  /** The same for fast look-ups by a column, in any layout. Undefined if the table is empty. */
  lookup(table: Table, column: string): string | undefined;
}

/** Tables with rows of old versions, or of dionaea's own failed migration. */
const older: Partial<Record<Table, string>> = { dcerpcrequests: 'dcerpcs', emu_services: 'emu_services_old' };

interface Column {
  readonly name: string;
  readonly pk: number;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Creates the layout of an open database. */
export function createLayout(database: Database): Layout {
  const names = tableNames(database);
  const columnsOf = database.prepare<[string], Column>('SELECT name, pk FROM pragma_table_info(?)');
  const firstIndexed = database.prepare<[string, string]>(
    `SELECT 1 FROM pragma_index_list(?) AS list
      JOIN pragma_index_info(list.name) AS info WHERE info.seqno = 0 AND info.name = ? AND list.partial = 0`,
  );
  const sources = new Map<Table, string>();
  const lookups = new Map<string, string | undefined>();

  function selectFrom(physical: string, table: Table): string {
    const present = columnsOf.all(physical);
    const key = present.find(({ pk }) => pk > 0)?.name;
    const find = (column: string, index: number): string => {
      if (present.some(({ name }) => name === column)) return quoted(column);
      if (index === 0) return key === undefined ? 'rowid' : quoted(key);
      // `dcerpc_uuid` of the old table is `dcerpcrequest_uuid` today.
      const end = column.slice(column.lastIndexOf('_'));
      const similar = physical === table ? undefined : present.find(({ name }) => name.endsWith(end));
      return similar === undefined ? 'NULL' : quoted(similar.name);
    };
    const list = ROW_TABLES[table].map((column, index) => `${find(column, index)} AS ${column}`);
    return `SELECT ${list.join(', ')} FROM ${physical}`;
  }

  function source(table: Table): string {
    const known = sources.get(table);
    if (known !== undefined) return known;
    const parts = [older[table], table].filter((name) => name !== undefined && names.has(name));
    const nothing = `SELECT ${ROW_TABLES[table].map((column) => `NULL AS ${column}`).join(', ')} WHERE false`;
    const selects = parts.map((name) => selectFrom(name ?? table, table));
    const subquery = `(${selects.length === 0 ? nothing : selects.join(' UNION ALL ')})`;
    sources.set(table, subquery);
    return subquery;
  }

  /** Creates an indexed copy in a temporary file: without an index, each look-up would read the whole table. */
  function copyOf(table: Table, column: string): string {
    const name = `temp.ihandler_${table}_by_${column}`;
    database.exec(`CREATE TABLE ${name} AS SELECT * FROM ${source(table)}`);
    database.exec(`CREATE INDEX ${name}_idx ON ihandler_${table}_by_${column} (${column})`);
    return name;
  }

  function findLookup(table: Table, column: string): string | undefined {
    const any = database.prepare(`SELECT EXISTS (SELECT 1 FROM ${source(table)})`).pluck();
    if (any.get() === 0) return undefined;
    const old = older[table];
    const isPlain = old === undefined || !names.has(old);
    return isPlain && firstIndexed.get(table, column) !== undefined ? source(table) : copyOf(table, column);
  }

  return {
    source,
    lookup(table, column) {
      const id = `${table}.${column}`;
      if (!lookups.has(id)) lookups.set(id, findLookup(table, column));
      return lookups.get(id);
    },
  };
}
