import {
  type Cell,
  type ClusterResult,
  type Row,
  seconds,
  type Table,
  TIMED_TABLES,
} from '@ihandler/attack-log';
import type { QueryConfig } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { typeOf } from '../schema/column-types.ts';
import { COLUMNS, tables } from '../schema/columns.ts';
import { TIME_COLUMN } from '../schema/detail-tables.ts';
import { quoted } from '../schema/identifiers.ts';
import { fit, fitsWhole } from './fit.ts';
import { ownerOf, type UnfitValue } from './unfit-values.ts';

/** The statement that inserts many rows at once: one array parameter for each column. */
export function insertion(
  schema: string,
  table: string,
  columns: readonly (readonly [name: string, type: string])[],
): string {
  const parameters = columns.map(([, type], index) => {
    // Times are parameters in seconds.
    const array = type === 'timestamptz' ? 'float8' : type;
    return `$${index + 1}::${array}[]`;
  });
  const values = columns.map(([, type], index) =>
    type === 'timestamptz' ? `to_timestamp(c${index})` : `c${index}`,
  );
  const names = columns.map(([name]) => name).join(', ');
  const aliases = columns.map((_, index) => `c${index}`).join(', ');
  return `INSERT INTO ${quoted(schema)}.${table} (${names})
    SELECT ${values.join(', ')} FROM unnest(${parameters.join(', ')}) AS _ (${aliases})`;
}

/** Turns new rows into insertions. */
export interface RowWriter {
  /** One query for each table with new rows. `sensors`: the sensor of each new connection, in order. Adds what does not fit to `unfit`. */
  insertions(
    result: Pick<ClusterResult, 'rows' | 'incidents'>,
    sensors: readonly number[],
    unfit: UnfitValue[],
  ): readonly QueryConfig[];
}

const timed: ReadonlySet<Table> = new Set(TIMED_TABLES);

/** Prepares the statements. */
export function createRowWriter(schema: string): RowWriter {
  const statements = new Map(
    tables.map((table) => {
      const columns = COLUMNS[table].map(({ name, kind }) => [name, typeOf(kind, schema)] as const);
      if (table === 'connections') columns.push(['sensor', 'integer']);
      if (timed.has(table)) columns.push([TIME_COLUMN, 'timestamptz']);
      return [table, insertion(schema, table, columns)];
    }),
  );

  function parameters(rows: ClusterResult['rows'], table: Table, unfit: UnfitValue[]): string[] {
    const list: readonly Row[] = rows[table];
    return COLUMNS[table].map(({ name, kind, from, derived }) => {
      const cells = new Array<Cell>(list.length);
      for (let at = 0; at < list.length; at += 1) {
        const cell = list[at]?.[from] ?? null;
        const fitted = fit(kind, cell);
        cells[at] = fitted;
        if (derived || fitsWhole(kind, cell, fitted)) continue;
        const row = list[at] ?? [];
        const connection = ownerOf(rows, table, row);
        if (connection !== undefined)
          unfit.push({ connection, table, row: Number(row[0]), column: name, value: cell });
      }
      return arrayLiteral(cells);
    });
  }

  return {
    insertions({ rows, incidents }, sensors, unfit) {
      const queries: QueryConfig[] = [];
      for (const table of tables) {
        if (rows[table].length === 0) continue;
        const values = parameters(rows, table, unfit);
        if (table === 'connections') values.push(arrayLiteral(sensors));
        if (timed.has(table))
          values.push(arrayLiteral(incidents[table].map(({ timestamp }) => fit('time', seconds(timestamp)))));
        queries.push({ name: `insert ${table}`, text: statements.get(table) ?? '', values });
      }
      return queries;
    },
  };
}
