import { type IncidentPlace, isCopy, placeOf } from '@ihandler/attack-log';
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

/** The id under which an incident is known: for a copy from a database of log-sqlite, that of the original. */
function knownId(id: string): IncidentPlace {
  return isCopy(id) ? placeOf(id) : parseIncidentId(id);
}

function parameters(incidents: readonly Incident[]): [streams: string, ordinals: string] {
  const ids = incidents.map(({ id }) => knownId(id));
  return [
    arrayLiteral(ids.map(({ stream }) => streamHash(stream))),
    arrayLiteral(ids.map(({ ordinal }) => ordinal)),
  ];
}

/** Prepares the statements. */
export function createStoredIds(schema: string): StoredIds {
  const insert = `INSERT INTO ${quoted(schema)}.ihandler_ids (stream, ordinal, day)
    SELECT stream, ordinal, $3::integer FROM unnest($1::bigint[], $2::bigint[]) AS _ (stream, ordinal)`;
  const find = `SELECT i FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS wanted (stream, ordinal, i)
    LEFT JOIN ${quoted(schema)}.ihandler_ids AS known USING (stream, ordinal)
    LEFT JOIN ${quoted(schema)}.ihandler_floors AS floor USING (stream)
    WHERE known.day IS NOT NULL OR wanted.ordinal <= floor.ordinal`;

  return {
    async newOnes(client, batch) {
      const values = parameters(batch);
      const { rows } = await client.query<{ i: string }>({ name: 'find ids', text: find, values });
      const known = new Set(rows.map(({ i }) => Number(i) - 1));
      const seen = new Set<string>();
      return batch.filter(({ id }, index) => {
        const { stream, ordinal } = knownId(id);
        const key = `${stream}:${ordinal}`;
        if (known.has(index) || seen.has(key)) return false;
        seen.add(key);
        return true;
      });
    },
    add: (incidents, now) => ({
      name: 'add ids',
      text: insert,
      values: [...parameters(incidents), dayOf(now)],
    }),
  };
}
