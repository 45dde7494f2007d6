import type { Incident, Origins } from '@ihandler/core';
import { addVerdict } from '../rows/role-rows.ts';
import { createRowSink } from '../rows/row-sink.ts';
import { REPORT, virusTotalRows } from '../rows/virustotal-rows.ts';
import { connectionRow, PARENT_COLUMN, ROOT_COLUMN } from './announcement.ts';
import type {
  AnnouncedConnection,
  ClusterResult,
  ClusterState,
  ConnectionKey,
  NamedConnection,
  SkippedCounts,
} from './cluster-state.ts';
import { connectionIn, connectionKey, type LooseConnection, namedIn } from './connection-key.ts';
import { addDionaeaRows, detailsOf } from './details.ts';
import { endsIn } from './ends.ts';
import { createForest } from './forest.ts';
import { placeOf } from './original-id.ts';
import { type Plan, plansFor } from './plan.ts';
import { connectionOf } from './same-id.ts';
import { createWaitingList } from './waiting-list.ts';

/**
 * Computes the changes that a batch makes: the rows of its incidents, and the places of connections in the forest of attacks.
 * `origins` says what incidents mean. Pure: it does not modify its arguments. Each connection gets the same parent and root in
 * whatever order and batches the same incidents arrive.
 */
export function cluster(
  incidents: readonly Incident[],
  state: ClusterState,
  origins: Origins,
): ClusterResult {
  const { of: planOf } = plansFor(origins);
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
    const connection = namedIn(incident, planOf(incident.origin), key);
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

  /** Adds the row of a connection, and the rows that wait for it. */
  function announce(incident: Incident, type: string, connection: LooseConnection): number {
    const { id, origin, sensor, timestamp } = incident;
    const key = connectionKey(sensor, connection.id);
    const row = sink.add('connections', connectionRow(type, timestamp / 1000, connection));
    forest.addRoot(row);
    // dionaea's SIP service also reports udp.connect for TCP and TLS sessions, which `accept` announces as well.
    const isNamed = origin !== 'dionaea.connection.udp.connect' || connection.transport === 'udp';
    announced.push({ row, key, sensor, connectionId: connection.id, incidentId: id, named: isNamed });
    if (!isNamed) return row;
    addName(key, row, connection, incident);
    for (const waiting of waitingList.take(key, (one) => isAnnounced(one.incident, key))) {
      const plan = planOf(waiting.incident.origin);
      sink.begin(waiting.incident);
      if (waiting.child === null) addRows(waiting.incident, plan, key);
      else link(waiting.incident, plan, waiting.freed);
    }
    sink.begin(incident);
    return row;
  }

  /** The row of a connection. The sensor may leave it to the first incident to announce one. */
  function rowFor(
    incident: Incident,
    plan: Plan,
    key: ConnectionKey,
    connection: LooseConnection,
    type: string,
  ): number | undefined {
    const row = rowOf(incident, key, connection);
    return row === undefined && plan.announces ? announce(incident, type, connection) : row;
  }

  function open(incident: Incident, plan: Plan): void {
    const facts =
      plan.how === undefined || plan.isMoved
        ? plan.origins.factsOf('connection.open', incident)
        : { how: plan.how, connection: incident.data['connection'] };
    const connection = connectionIn(facts?.connection);
    if (facts === undefined || connection === undefined) skipped.incomplete += 1;
    else announce(incident, facts.how, connection);
  }

  function link(incident: Incident, plan: Plan, freed: boolean): void {
    const { sensor, data } = incident;
    const ends = plan.isMoved ? plan.origins.factsOf('connection.child', incident) : data;
    const parent = connectionIn(ends?.['parent']);
    const child = connectionIn(ends?.['child']);
    if (parent === undefined || child === undefined) {
      skipped.incomplete += 1;
      return;
    }
    const childKey = connectionKey(sensor, child.id);
    const parentKey = connectionKey(sensor, parent.id);
    const parentRow = rowFor(incident, plan, parentKey, parent, 'accept');
    const childRow = rowFor(incident, plan, childKey, child, 'connect');
    if (childRow === undefined || parentRow === undefined) {
      waitingList.add(childRow === undefined ? childKey : parentKey, childKey, incident, freed);
      return;
    }
    const outcome = forest.link(parentRow, childRow);
    if (outcome === 'cycle' || outcome === 'conflict') skipped[outcome] += 1;
  }

  function free(incident: Incident, plan: Plan): void {
    const connection = connectionIn(
      plan.isMoved
        ? plan.origins.factsOf('connection.close', incident)?.connection
        : incident.data['connection'],
    );
    if (connection === undefined) skipped.incomplete += 1;
    else waitingList.free(connectionKey(incident.sensor, connection.id));
  }

  function judge(incident: Incident, plan: Plan): void {
    if (incident.origin === REPORT) {
      const outcome = virusTotalRows(sink, incident.data);
      if (outcome !== 'stored') skipped[outcome] += 1;
      return;
    }
    const facts = plan.origins.factsOf('verdict', incident);
    if (facts === undefined) skipped.incomplete += 1;
    else addVerdict(sink, facts);
  }

  function addMadeRows(incident: Incident, plan: Plan): void {
    const connection = connectionIn(incident.data['connection']);
    if (connection === undefined) {
      skipped.incomplete += 1;
      return;
    }
    const key = connectionKey(incident.sensor, connection.id);
    const row = rowOf(incident, key, connection);
    if (row === undefined) waitingList.add(key, null, incident);
    else if (!addDionaeaRows(sink, row, incident, plan)) skipped.incomplete += 1;
  }

  /** Adds the rows of an incident to connections; with `only`, to that one. Returns whether there are any. */
  function addRows(incident: Incident, plan: Plan, only?: ConnectionKey): boolean {
    if (plan.makeRows !== undefined) {
      addMadeRows(incident, plan);
      return true;
    }
    const details = detailsOf(incident, plan);
    const waitsFor = new Set<ConnectionKey>();
    for (const { connection, waits, add } of details) {
      if (connection === undefined) {
        if (only === undefined) skipped.incomplete += 1;
        continue;
      }
      const key = connectionKey(incident.sensor, connection.id);
      if (only !== undefined && key !== only) continue;
      const row = rowFor(incident, plan, key, connection, 'accept');
      if (row !== undefined) {
        if (!add(sink, row)) skipped.incomplete += 1;
      } else if (!waits) skipped.other += 1;
      else if (!waitsFor.has(key)) {
        waitsFor.add(key);
        waitingList.add(key, null, incident);
      }
    }
    return details.length > 0;
  }

  function process(incident: Incident): void {
    const plan = planOf(incident.origin);
    const { opens, links, closes, details } = plan;
    const judges = plan.judges || incident.origin === REPORT;
    sink.begin(incident);
    if (opens) open(incident, plan);
    if (links) link(incident, plan, false);
    if (judges) judge(incident, plan);
    const isPlace = opens || links || closes || judges;
    if (!(isPlace && details.length === 0) && !addRows(incident, plan) && !isPlace) skipped.other += 1;
    if (closes) free(incident, plan);
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
