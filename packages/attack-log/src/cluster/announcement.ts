import type { Value } from '@ihandler/core';
import { integer, text } from '../rows/cells.ts';
import type { Row } from '../schema/tables.ts';
import type { LooseConnection } from './connection-key.ts';

/** The index of the root in a row of {@link connectionRow}, once the primary key is in front. */
export const ROOT_COLUMN = 5;

/** The index of the parent. See {@link ROOT_COLUMN}. */
export const PARENT_COLUMN = 6;

/**
 * A row of `connections` without its primary key; `timestamp` in seconds. Root and parent are NULL, and so is every value
 * that the connection lacks because it does not fit its schema.
 */
export function connectionRow(type: string, timestamp: number, connection: LooseConnection): Row {
  // The types do not hold for an incident that does not fit its schema.
  const { local, remote } = connection as unknown as {
    local?: Record<string, Value> | null;
    remote?: Record<string, Value> | null;
  };
  return [
    type,
    text(connection.transport),
    text(connection.protocol),
    timestamp,
    null,
    null,
    text(local?.['host']),
    integer(local?.['port']),
    text(remote?.['host']),
    text(remote?.['hostname']),
    integer(remote?.['port']),
  ];
}
