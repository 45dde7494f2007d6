import type { Incident } from '@ihandler/core';
import { incidentRows } from '../rows/incident-rows.ts';
import { createRowSink } from '../rows/row-sink.ts';
import { virusTotalRows } from '../rows/virustotal-rows.ts';
import { announcedType, connectionRow, PARENT_COLUMN, ROOT_COLUMN } from './announcement.ts';
import type {
  AnnouncedConnection,
  ClusterResult,
  ClusterState,
  ConnectionKey,
  NamedConnection,
  SkippedCounts,
} from './cluster-state.ts';
import { connectionIn, connectionKey, type LooseConnection, namedIn } from './connection-key.ts';
import { endsIn } from './ends.ts';
import { createForest } from './forest.ts';
import { placeOf } from './original-id.ts';
import { connectionOf } from './same-id.ts';
import { createWaitingList } from './waiting-list.ts';

const linkOrigins: ReadonlySet<string> = new Set([
  'dionaea.connection.link',
  'dionaea.connection.link.early',
]);

/**
 * Computes the changes that a batch makes: the rows of its incidents in dionaea's tables, and the places of connections in
 * the forest of attacks. Pure: it does not modify its arguments. Each connection gets the same parent and root in whatever
 * order and batches the same incidents arrive.
 */
export function cluster(incidents: readonly Incident[], state: ClusterState): ClusterResult {
  const sink = createRowSink(state.nextKey);
  const forest = createForest(state.places);
  const waitingList = createWaitingList(state);
  const streamName = state.streamName ?? ((stream: string) => stream);
  /** The connections of the keys that this batch announces, with the stored ones. */
  const named = new Map<ConnectionKey, NamedConnection[]>();
  const announced: AnnouncedConnection[] = [];
  const skipped: { -readonly [reason in keyof SkippedCounts]: number } = {
    cycle: 0,
    conflict: 0,
    incomplete: 0,
    other: 0,
  };
  const rowOf = (incident: Incident, key: ConnectionKey, connection: LooseConnection) =>
    connectionOf(incident, connection, named.get(key) ?? state.rows.get(key) ?? [], streamName)?.row;
  const isAnnounced = (incident: Incident, key: ConnectionKey) => {
    const connection = namedIn(incident, key);
    return connection !== undefined && rowOf(incident, key, connection) !== undefined;
  };

  function addName(key: ConnectionKey, row: number, connection: LooseConnection, incident: Incident): void {
    const { stream, ordinal } = placeOf(incident.id);
    const time = incident.timestamp / 1000;
    const added = { row, stream: streamName(stream), ordinal, time, ends: endsIn(connection) };
    const known = named.get(key);
    if (known === undefined) named.set(key, [...(state.rows.get(key) ?? []), added]);
    else known.push(added);
  }

  function announce(incident: Incident, type: string): void {
    const { id, origin, sensor, timestamp, data } = incident;
    const connection = connectionIn(data['connection']);
    if (connection === undefined) {
      skipped.incomplete += 1;
      return;
    }
    const key = connectionKey(sensor, connection.id);
    const row = sink.add('connections', connectionRow(type, timestamp / 1000, connection));
    forest.addRoot(row);
    // dionaea's SIP service also reports udp.connect for TCP and TLS sessions, which `accept` announces as well.
    const isNamed = origin !== 'dionaea.connection.udp.connect' || connection.transport === 'udp';
    announced.push({ row, key, sensor, connectionId: connection.id, incidentId: id, named: isNamed });
    if (!isNamed) return;
    addName(key, row, connection, incident);
    const found = waitingList.take(key, (waiting) => isAnnounced(waiting.incident, key));
    for (const waiting of found) process(waiting.incident, waiting.freed);
  }

  function link(incident: Incident, freed: boolean): void {
    const { sensor, data } = incident;
    const parent = connectionIn(data['parent']);
    const child = connectionIn(data['child']);
    if (parent === undefined || child === undefined) {
      skipped.incomplete += 1;
      return;
    }
    const childKey = connectionKey(sensor, child.id);
    const parentKey = connectionKey(sensor, parent.id);
    const childRow = rowOf(incident, childKey, child);
    const parentRow = rowOf(incident, parentKey, parent);
    if (childRow === undefined || parentRow === undefined) {
      waitingList.add(childRow === undefined ? childKey : parentKey, childKey, incident, freed);
      return;
    }
    const outcome = forest.link(parentRow, childRow);
    if (outcome === 'cycle' || outcome === 'conflict') skipped[outcome] += 1;
  }

  function free({ sensor, data }: Incident): void {
    const connection = connectionIn(data['connection']);
    if (connection === undefined) skipped.incomplete += 1;
    else waitingList.free(connectionKey(sensor, connection.id));
  }

  function report({ data }: Incident): void {
    const outcome = virusTotalRows(sink, data);
    if (outcome !== 'stored') skipped[outcome] += 1;
  }

  function addRows(incident: Incident): void {
    const { origin, sensor, data } = incident;
    const makeRows = incidentRows.get(origin);
    if (makeRows === undefined) {
      skipped.other += 1;
      return;
    }
    const connection = connectionIn(data['connection']);
    if (connection === undefined) {
      skipped.incomplete += 1;
      return;
    }
    const key = connectionKey(sensor, connection.id);
    const row = rowOf(incident, key, connection);
    if (row === undefined) waitingList.add(key, null, incident);
    else if (!makeRows(sink, row, data)) skipped.incomplete += 1;
  }

  function process(incident: Incident, freed = false): void {
    const { origin } = incident;
    sink.begin(incident);
    if (linkOrigins.has(origin)) link(incident, freed);
    else if (origin === 'dionaea.connection.free') free(incident);
    else if (origin === 'dionaea.modules.python.virustotal.report') report(incident);
    else {
      const type = announcedType(origin);
      if (type === undefined) addRows(incident);
      else announce(incident, type);
    }
  }

  for (const incident of incidents) process(incident);
  sink.rows.connections.forEach((row, index) => {
    const key = state.nextKey.connections + index;
    row[ROOT_COLUMN] = forest.rootOf(key);
    row[PARENT_COLUMN] = forest.parentOf(key);
  });
  return {
    rows: sink.rows,
    incidents: sink.incidents,
    nextKey: sink.nextKey,
    announced,
    moves: forest.moves(),
    ...waitingList.changes(),
    skipped,
  };
}
