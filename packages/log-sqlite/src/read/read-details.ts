import {
  type ConnectionDetails,
  gatherDetails,
  ROW_TABLES,
  type RowQuery,
  type StoredRow,
} from '@ihandler/attack-log';
import type { Database, Statement } from 'better-sqlite3';
import type { Layout } from './layout.ts';
import { readNames } from './read-names.ts';
import { createRowTimes } from './row-times.ts';

/** Prepares the statements that read the details of many connections at once. */
export function createDetailReader(
  database: Database,
  layout: Layout,
): (connections: readonly number[]) => (connection: number) => ConnectionDetails {
  const names = readNames(database);
  const withTimes = createRowTimes(database);
  const statements = new Map<string, Statement<[string], StoredRow> | undefined>();

  function prepare({ table, column }: RowQuery): Statement<[string], StoredRow> | undefined {
    const from = layout.lookup(table, column);
    if (from === undefined) return undefined;
    return database.prepare<[string], StoredRow>(
      `SELECT * FROM ${from} WHERE ${column} IN (SELECT value FROM json_each(?)) ORDER BY ${ROW_TABLES[table][0]}`,
    );
  }

  function find(query: RowQuery): readonly StoredRow[] {
    const id = `${query.table}.${query.column}`;
    if (!statements.has(id)) statements.set(id, prepare(query));
    return withTimes(query.table, statements.get(id)?.all(JSON.stringify(query.values)) ?? []);
  }

  return (connections) => {
    const gathering = gatherDetails(connections, names);
    let step = gathering.next();
    while (!step.done) step = gathering.next(step.value.map(find));
    return step.value;
  };
}
