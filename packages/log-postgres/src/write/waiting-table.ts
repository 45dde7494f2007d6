import {
  type ClusterResult,
  type ConnectionKey,
  connectionKeysIn,
  type WaitingIncident,
} from '@ihandler/attack-log';
import { decodeIncident, encodeIncident, type Origins } from '@ihandler/core';
import type { Client, QueryConfig } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { quoted } from '../schema/identifiers.ts';
import { type KeysByHash, keysByHash } from './connection-table.ts';
import { keyHash } from './hash.ts';

/** The table of incidents that wait for a connection without a row. */
export interface WaitingTable {
  /** The incidents that wait for one of these connections, and the links to one of them, in rising number. */
  load(client: Client, named: KeysByHash): Promise<readonly WaitingIncident[]>;
  /** The queries that store the changes. `sensors` are the numbers of sensors. */
  changes(waiting: ClusterResult['waiting'], sensors: ReadonlyMap<string, number>): readonly QueryConfig[];
  /** The queries that drop what exceeds the limit of a sensor: one for each sensor with new entries. */
  dropExcess(waiting: ClusterResult['waiting'], sensors: ReadonlyMap<string, number>): readonly QueryConfig[];
}

interface WaitingRow {
  readonly number: string;
  readonly missing: string;
  readonly child: string | null;
  readonly freed: boolean;
  readonly incident: string;
}

function decode(
  { number, missing, child, freed, incident: text }: WaitingRow,
  origins: Origins,
): WaitingIncident | undefined {
  const incident = decodeIncident(text);
  // The table has only hashes: the incident itself names the connections in full.
  const names = keysByHash(connectionKeysIn([incident], origins));
  const key = names.get(missing);
  if (key === undefined) return undefined;
  const childKey: ConnectionKey | null = child === null ? null : (names.get(child) ?? null);
  return { number: Number(number), missing: key, child: childKey, freed, incident };
}

/** Prepares the statements. At most `limit` incidents of each sensor may wait. `origins` says what incidents mean. */
export function createWaitingTable(schema: string, limit: number, origins: Origins): WaitingTable {
  const table = `${quoted(schema)}.ihandler_waiting`;
  const sensorsOf = (
    added: ClusterResult['waiting']['added'],
    sensors: ReadonlyMap<string, number>,
  ): readonly number[] => added.map(({ incident }) => sensors.get(incident.sensor) ?? 0);

  return {
    async load(client, named) {
      const { rows } = await client.query<WaitingRow>({
        name: 'find waiting',
        text: `SELECT number, missing, child, freed, incident FROM ${table}
          WHERE missing = ANY($1::uuid[]) OR child = ANY($1::uuid[]) ORDER BY number`,
        values: [arrayLiteral([...named.keys()])],
      });
      return rows.map((row) => decode(row, origins)).filter((waiting) => waiting !== undefined);
    },
    changes({ added, removed, freed }, sensors) {
      const queries: QueryConfig[] = [];
      if (removed.length > 0)
        queries.push({
          name: 'resolve waiting',
          text: `DELETE FROM ${table} WHERE number = ANY($1::bigint[])`,
          values: [arrayLiteral(removed)],
        });
      if (freed.length > 0)
        queries.push({
          name: 'free waiting',
          text: `UPDATE ${table} SET freed = true WHERE number = ANY($1::bigint[])`,
          values: [arrayLiteral(freed)],
        });
      if (added.length > 0)
        queries.push({
          name: 'add waiting',
          text: `INSERT INTO ${table} (sensor, missing, child, freed, incident)
            SELECT sensor, missing, child, freed, incident
            FROM unnest($1::integer[], $2::uuid[], $3::uuid[], $4::boolean[], $5::text[])
              WITH ORDINALITY AS _ (sensor, missing, child, freed, incident, i) ORDER BY i`,
          values: [
            sensorsOf(added, sensors),
            added.map(({ missing }) => keyHash(missing)),
            added.map(({ child }) => (child === null ? null : keyHash(child))),
            added.map(({ freed: isFreed }) => (isFreed ? 'true' : 'false')),
            added.map(({ incident }) => encodeIncident(incident)),
          ].map(arrayLiteral),
        });
      return queries;
    },
    dropExcess({ added }, sensors) {
      return [...new Set(sensorsOf(added, sensors))].map((sensor) => ({
        name: 'drop waiting',
        text: `DELETE FROM ${table} WHERE number IN (
          SELECT number FROM ${table} WHERE sensor = $1 ORDER BY freed DESC, number
          LIMIT greatest(0, (SELECT count(*) FROM ${table} WHERE sensor = $1) - $2))`,
        values: [sensor, limit],
      }));
    },
  };
}
