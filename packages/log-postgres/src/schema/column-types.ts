import type { Kind } from './columns.ts';
import { quoted } from './identifiers.ts';

/** The PostgreSQL type of each kind of column. */
export const COLUMN_TYPES: Readonly<Record<Kind, string>> = {
  key: 'bigint',
  type: 'connection_type',
  transport: 'connection_transport',
  time: 'timestamptz',
  address: 'inet',
  integer: 'integer',
  size: 'bigint',
  number: 'double precision',
  uuid: 'uuid',
  text: 'text',
  indexed: 'text',
};

/** The type of a column. Our own types are qualified with the schema. */
export function typeOf(kind: Kind, schema: string): string {
  return kind === 'type' || kind === 'transport'
    ? `${quoted(schema)}.${COLUMN_TYPES[kind]}`
    : COLUMN_TYPES[kind];
}
