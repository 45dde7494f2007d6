import type { Connection } from '@ihandler/core';
import { type StoredRow, toInteger, toMilliseconds, toText } from './cells.ts';
import type { Layout } from './layout.ts';

const columns = [
  'connection',
  'connection_type',
  'connection_transport',
  'connection_protocol',
  'connection_timestamp',
  'connection_parent',
  'local_host',
  'local_port',
  'remote_host',
  'remote_hostname',
  'remote_port',
] as const;

type Column = (typeof columns)[number];

/** What to select of table `connections` under an alias: the columns that are there, named `<alias>.<column>`. */
export function connectionColumns(layout: Layout, alias: string): string {
  return columns
    .filter((column) => layout.column('connections', [column]) !== undefined)
    .map((column) => `${alias}."${column}" AS "${alias}.${column}"`)
    .join(', ');
}

/** A row of `connections`. */
export interface ConnectionRow {
  readonly row: number;
  readonly connection: Connection;
  readonly origin: string;
  readonly parent: number | undefined;
  /** In milliseconds; undefined where the column holds no time. */
  readonly time: number | undefined;
}

function originPart(text: string): string {
  const part = text.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 32);
  return part === '' ? 'unknown' : part;
}

/** Reads what {@link connectionColumns} selected; undefined when a join found no row. What is NULL is not known: `''` or 0. */
export function readConnectionRow(stored: StoredRow, alias: string): ConnectionRow | undefined {
  const cell = (column: Column) => stored[`${alias}.${column}`];
  const row = toInteger(cell('connection'));
  if (row === undefined) return undefined;
  const hostname = cell('remote_hostname');
  const transport = toText(cell('connection_transport'));
  return {
    row,
    connection: {
      id: `c${row}`,
      protocol: toText(cell('connection_protocol')),
      transport,
      local: { host: toText(cell('local_host')), port: toInteger(cell('local_port')) ?? 0 },
      remote: {
        host: toText(cell('remote_host')),
        port: toInteger(cell('remote_port')) ?? 0,
        hostname: hostname === null || hostname === undefined ? null : toText(hostname),
      },
    },
    origin: `dionaea.connection.${originPart(transport)}.${originPart(toText(cell('connection_type')))}`,
    parent: toInteger(cell('connection_parent')),
    time: toMilliseconds(cell('connection_timestamp')),
  };
}
