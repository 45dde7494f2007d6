import { isCopy, placeOf } from '@ihandler/attack-log';
import { type Incident, parseIncidentId } from '@ihandler/core';
import { DAY } from '@ihandler/core/kit';
import type { Client, QueryConfig } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { quoted } from '../schema/identifiers.ts';
import { streamHash } from './hash.ts';

/** The set of ids of stored incidents. A checkpoint is not enough, because several hubs may write one stream in any order. */
export interface StoredIds {
  /** The incidents of a batch that are not stored yet, each once. */
  newOnes(client: Client, batch: readonly Incident[]): Promise<readonly Incident[]>;
  /** The query that adds the ids of new incidents. */
  add(incidents: readonly Incident[], now: number): QueryConfig;
}

/** Days since the Unix epoch. */
export function dayOf(time: number): number {
  return Math.floor(time / DAY);
}

/** An id under which an incident may be stored. */
interface KnownId {
  readonly stream: string;
  readonly ordinal: number;
  /** Whether the floor of the stream says that it is stored. A dead letter may be below the floor of its stream. */
  readonly hasFloor: boolean;
}

/**
 * The ids under which an incident may be stored. A copy from a database of log-sqlite is known by its original, which may have
 * been a dead letter. A dead letter that is retried has an id of its own, and is known by its original too.
 */
function knownIds(id: string): readonly KnownId[] {
  const { stream, ordinal } = placeOf(id);
  const retried = `${stream}~${ordinal}`;
  if (isCopy(id))
    return [
      { stream, ordinal, hasFloor: true },
      { stream: retried, ordinal, hasFloor: true },
    ];
  const own = parseIncidentId(id);
  if (own.stream === stream) return [{ stream, ordinal, hasFloor: true }];
  return [
    { stream, ordinal, hasFloor: false },
    { ...own, hasFloor: true },
  ];
}

/** The ids under which a new incident is stored: those of its original, and of a dead letter its own. */
function storedIds(id: string): readonly KnownId[] {
  const ids = knownIds(id);
  return isCopy(id) ? ids.slice(0, 1) : ids;
}

function parameters(ids: readonly KnownId[]): [streams: string, ordinals: string] {
  return [
    arrayLiteral(ids.map(({ stream }) => streamHash(stream))),
    arrayLiteral(ids.map(({ ordinal }) => ordinal)),
  ];
}

/** Prepares the statements. */
export function createStoredIds(schema: string): StoredIds {
  const insert = `INSERT INTO ${quoted(schema)}.ihandler_ids (stream, ordinal, day)
    SELECT stream, ordinal, $3::integer FROM unnest($1::bigint[], $2::bigint[]) AS _ (stream, ordinal)`;
  const find = `SELECT i FROM unnest($1::bigint[], $2::bigint[], $3::boolean[])
      WITH ORDINALITY AS wanted (stream, ordinal, has_floor, i)
    LEFT JOIN ${quoted(schema)}.ihandler_ids AS known USING (stream, ordinal)
    LEFT JOIN ${quoted(schema)}.ihandler_floors AS floor USING (stream)
    WHERE known.day IS NOT NULL OR (wanted.has_floor AND wanted.ordinal <= floor.ordinal)`;

  return {
    async newOnes(client, batch) {
      const wanted = batch.map(({ id }) => knownIds(id));
      const owners = wanted.flatMap((ids, index) => ids.map(() => index));
      const ids = wanted.flat();
      const values = [...parameters(ids), arrayLiteral(ids.map(({ hasFloor }) => String(hasFloor)))];
      const { rows } = await client.query<{ i: string }>({ name: 'find ids', text: find, values });
      const known = new Set(rows.map(({ i }) => owners[Number(i) - 1]));
      const seen = new Set<string>();
      return batch.filter(({ id }, index) => {
        const { stream, ordinal } = placeOf(id);
        const key = `${stream}:${ordinal}`;
        if (known.has(index) || seen.has(key)) return false;
        seen.add(key);
        return true;
      });
    },
    add: (incidents, now) => ({
      name: 'add ids',
      text: insert,
      values: [...parameters(incidents.flatMap(({ id }) => storedIds(id))), dayOf(now)],
    }),
  };
}
