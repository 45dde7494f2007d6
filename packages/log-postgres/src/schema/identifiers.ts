import type { Table } from '@ihandler/attack-log';
import { keyOf } from './columns.ts';

/** A name in quotes, as an SQL identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The sequence of a table's primary keys. */
export function sequenceOf(table: Table, schema: string): string {
  return `${quoted(schema)}.${table}_${keyOf(table)}_seq`;
}
