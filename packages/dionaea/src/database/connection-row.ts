import type { Connection } from '@ihandler/core';
import { type StoredRow, toInteger, toMilliseconds, toText } from './cells.ts';
import type { Layout } from './layout.ts';
import type { Reading } from './reading.ts';

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

/** The columns to select from table `connections` under an alias: those that exist, named `<alias>.<column>`. */
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
  /** In milliseconds; undefined when the column does not hold a time. */
  readonly time: number | undefined;
}

function originPart(text: string): string {
  const part = text.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 32);
  return part === '' ? 'unknown' : part;
}

/**
 * Reads the columns of {@link connectionColumns}; undefined when a join found no row. NULL means unknown and becomes `''` or
 * 0. Row ids start at 1 in every database, so the id of the connection is that of the incident that announces it, unless the
 * database recorded the id that the sensor gave it.
 */
export function readConnectionRow(
  stored: StoredRow,
  alias: string,
  { streamOf, recorded }: Pick<Reading, 'streamOf' | 'recorded'>,
): ConnectionRow | undefined {
  const cell = (column: Column) => stored[`${alias}.${column}`];
  const row = toInteger(cell('connection'));
  if (row === undefined) return undefined;
  const hostname = cell('remote_hostname');
  const transport = toText(cell('connection_transport'));
  const known = recorded?.connectionOf(row);
  // SIP over TCP announces itself a second time with this origin.
  const announced = known?.named === false ? 'udp' : originPart(transport);
  return {
    row,
    connection: {
      id: known?.id ?? `${streamOf('connections', row)}:${row}`,
      protocol: toText(cell('connection_protocol')),
      transport,
      local: { host: toText(cell('local_host')), port: toInteger(cell('local_port')) ?? 0 },
      remote: {
        host: toText(cell('remote_host')),
        port: toInteger(cell('remote_port')) ?? 0,
        hostname: hostname === null || hostname === undefined ? null : toText(hostname),
      },
    },
    origin: `dionaea.connection.${announced}.${originPart(toText(cell('connection_type')))}`,
    parent: toInteger(cell('connection_parent')),
    time: toMilliseconds(cell('connection_timestamp')),
  };
}
