import {
  type ClusterState,
  type ConnectionKey,
  cluster,
  connectionKeysIn,
  type NamedConnection,
  type Place,
  WAITING_LIMIT,
  type WaitingIncident,
} from '@ihandler/attack-log';
import type { HandlerContext, Incident } from '@ihandler/core';
import type { Client, QueryConfig } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { lockClass, stripesOf, TAKE_LOCKS } from '../database/locks.ts';
import type { Login } from '../database/login.ts';
import { assertVersion } from '../schema/migrate.ts';
import { createConnectionTable, type KeysByHash, keysByHash } from './connection-table.ts';
import { streamHash } from './hash.ts';
import { createRowWriter, insertion } from './insert-rows.ts';
import { PROVISIONAL, provisionalKeys, takeKeys } from './new-keys.ts';
import { createSensorTable } from './sensor-table.ts';
import { createStoredIds } from './stored-ids.ts';
import type { UnfitValue } from './unfit-values.ts';
import { createWaitingTable } from './waiting-table.ts';

/** The result of a write. */
export interface WriteOutcome {
  /** Incidents that were not stored before. */
  readonly stored: number;
  /** Incidents that were stored before. */
  readonly known: number;
  /** Waiting incidents that were dropped because of the limit of their sensor. */
  readonly dropped: number;
  /** Values that did not fit their columns unchanged. */
  readonly unfit: number;
}

/** The attacks in a database. */
export interface AttackStore {
  /** Stores the new incidents of a batch, with their ids, in one transaction. */
  write(client: Client, batch: readonly Incident[]): Promise<WriteOutcome>;
}

/** Prepares the statements for a database whose schema is complete. `origins` says what incidents mean. */
export function createAttackStore(
  login: Login,
  schema: string,
  { now, origins }: Pick<HandlerContext, 'now' | 'origins'>,
): AttackStore {
  const ids = createStoredIds(schema);
  const sensorTable = createSensorTable(schema);
  const connections = createConnectionTable(schema);
  const waitingTable = createWaitingTable(schema, WAITING_LIMIT, origins);
  const rowWriter = createRowWriter(schema);
  const addUnfit = insertion(schema, 'ihandler_unfit', [
    ['connection', 'bigint'],
    ['table_name', 'text'],
    ['row_key', 'bigint'],
    ['column_name', 'text'],
    ['value', 'text'],
  ]);

  function keepUnfit(unfit: readonly UnfitValue[]): readonly QueryConfig[] {
    if (unfit.length === 0) return [];
    const values = [
      unfit.map(({ connection }) => connection),
      unfit.map(({ table }) => table),
      unfit.map(({ row }) => row),
      unfit.map(({ column }) => column),
      // JSON escapes NUL and lone surrogates, which PostgreSQL does not accept.
      unfit.map(({ value }) => JSON.stringify(value)),
    ].map(arrayLiteral);
    return [{ name: 'add unfit', text: addUnfit, values }];
  }

  async function loadState(
    client: Client,
    named: KeysByHash,
    waitingBefore: Promise<readonly WaitingIncident[]>,
  ): Promise<ClusterState> {
    const rows = new Map<ConnectionKey, readonly NamedConnection[]>();
    const places = new Map<number, Place>();
    const [waiting] = await Promise.all([waitingBefore, connections.load(client, named, rows, places)]);
    const more = connectionKeysIn(
      waiting.map(({ incident }) => incident),
      origins,
    );
    await connections.load(client, keysByHash([...more].filter((key) => !rows.has(key))), rows, places);
    return {
      rows,
      places,
      waiting,
      nextWaiting: PROVISIONAL,
      nextKey: provisionalKeys,
      streamName: streamHash,
    };
  }

  /** Begins a transaction in one round trip. No other hub changes the attacks of these sensors until it ends. */
  async function begin(
    client: Client,
    batch: readonly Incident[],
    sensors: readonly number[],
  ): Promise<[readonly Incident[], ClusterState]> {
    const named = keysByHash(connectionKeysIn(batch, origins));
    const locks = [lockClass(schema), arrayLiteral(stripesOf(sensors))];
    const [, , , incidents, state] = await Promise.all([
      client.query('BEGIN'),
      client.query({ name: 'take locks', text: TAKE_LOCKS, values: locks }),
      assertVersion(client, login, schema),
      ids.newOnes(client, batch),
      loadState(client, named, waitingTable.load(client, named)),
    ]);
    return [incidents, state];
  }

  async function store(client: Client, batch: readonly Incident[]): Promise<WriteOutcome> {
    const numbers = await sensorTable.numbers(
      client,
      batch.map(({ sensor }) => sensor),
    );
    const sensorOf = (name: string) => numbers.get(name) ?? 0;
    const mine = new Set(batch.map(({ sensor }) => sensorOf(sensor)));
    const [incidents, state] = await begin(client, batch, [...mine]);
    const known = batch.length - incidents.length;
    if (incidents.length === 0) {
      await client.query('COMMIT');
      return { stored: 0, known, dropped: 0, unfit: 0 };
    }
    const result = await takeKeys(client, schema, cluster(incidents, state, origins));
    const sensors = result.announced.map(({ sensor }) => sensorOf(sensor));
    const unfit: UnfitValue[] = [];
    const changes = [
      ...rowWriter.insertions(result, sensors, unfit),
      ...connections.changes(result),
      ...waitingTable.changes(result.waiting, numbers),
      ids.add(incidents, now()),
    ].concat(keepUnfit(unfit));
    const removals = waitingTable.dropExcess(result.waiting, numbers);
    const sent = [...changes, ...removals, { text: 'COMMIT' }].map((query) => client.query(query));
    const answers = await Promise.all(sent);
    const dropped = answers
      .slice(changes.length, changes.length + removals.length)
      .reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0);
    return { stored: incidents.length, known, dropped, unfit: unfit.length };
  }

  return {
    async write(client, batch) {
      try {
        return await store(client, batch);
      } catch (error) {
        // The cache must not survive a failure of any kind.
        sensorTable.clearCache();
        throw error;
      }
    },
  };
}
