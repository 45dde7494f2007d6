import { type ClusterResult, ROW_TABLES, type Table } from '@ihandler/attack-log';
import type { Client } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { COLUMNS, tables } from '../schema/columns.ts';
import { sequenceOf } from '../schema/identifiers.ts';

/**
 * The first provisional key. The number of new rows is known only when a batch has been clustered, and several hubs take
 * keys from the same sequences, so rows get provisional keys first.
 */
export const PROVISIONAL = 2 ** 52;

/** The next key of every table, for `cluster`. */
// The line below sets every property.
export const provisionalKeys = Object.fromEntries(tables.map((table) => [table, PROVISIONAL])) as Readonly<
  Record<Table, number>
>;

interface Block {
  readonly i: string;
  readonly first: string;
  /** Null if the keys are consecutive. */
  readonly keys: readonly string[] | null;
}

type KeyOf = (provisional: number) => number;

function keysOf({ first, keys }: Block): KeyOf {
  const start = Number(first);
  if (keys === null) return (key) => (key < PROVISIONAL ? key : key - PROVISIONAL + start);
  return (key) => (key < PROVISIONAL ? key : Number(keys[key - PROVISIONAL]));
}

/** The columns of each table that contain keys, with the tables of those keys. */
const references = tables.map((table) => {
  const places = COLUMNS[table].flatMap(({ name, kind, from, derived }) => {
    if (kind !== 'key' || derived) return [];
    if (from === 0) return [[0, table] as const];
    const target = name.startsWith('connection')
      ? 'connections'
      : tables.find((other) => ROW_TABLES[other][0] === name);
    return target === undefined ? [] : [[from, target] as const];
  });
  return [table, places] as const;
});

/** Reserves keys for all new rows, in one query, and replaces the provisional keys in the rows of `result`. */
export async function takeKeys(
  client: Client,
  schema: string,
  result: ClusterResult,
): Promise<ClusterResult> {
  const filled = tables.filter((table) => result.rows[table].length > 0);
  if (filled.length === 0) return result;
  const { rows: blocks } = await client.query<Block>({
    name: 'take keys',
    text: `SELECT i, min(key) AS first,
        CASE WHEN max(key) - min(key) + 1 <> count(*) THEN array_agg(key ORDER BY key) END AS keys
      FROM unnest($1::text[], $2::integer[]) WITH ORDINALITY AS wanted (sequence, size, i),
        LATERAL (SELECT nextval(sequence::regclass) AS key FROM generate_series(1, size)) AS taken
      GROUP BY i ORDER BY i`,
    values: [
      arrayLiteral(filled.map((table) => sequenceOf(table, schema))),
      arrayLiteral(filled.map((table) => result.rows[table].length)),
    ],
  });
  const taken = new Map<Table, KeyOf>();
  filled.forEach((table, index) => {
    const block = blocks[index];
    if (block !== undefined) taken.set(table, keysOf(block));
  });
  for (const [table, places] of references)
    for (const row of result.rows[table])
      for (const [at, target] of places) {
        const key = row[at];
        if (typeof key === 'number' && key >= PROVISIONAL) row[at] = taken.get(target)?.(key) ?? key;
      }
  const connection = taken.get('connections') ?? ((key: number) => key);
  return {
    ...result,
    announced: result.announced.map((each) => ({ ...each, row: connection(each.row) })),
    moves: result.moves.map(({ row, parent, root, oldRoot }) => ({
      row: connection(row),
      parent: connection(parent),
      root: connection(root),
      oldRoot: connection(oldRoot),
    })),
  };
}
