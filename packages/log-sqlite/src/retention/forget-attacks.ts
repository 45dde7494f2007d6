import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ConnectionKey, connectionKey, connectionKeysIn } from '@ihandler/attack-log';
import { decodeIncident } from '@ihandler/core';
import { addresses } from '@ihandler/core/kit';
import type { Database } from 'better-sqlite3';
import { prepareDeleteAttack } from './delete-attacks.ts';
import { forgetTexts } from './forget-texts.ts';

/** The length of a transaction, in milliseconds: other work waits that long. */
const STEP_MILLISECONDS = 40;

/** How much was removed. */
export interface RemovalCounts {
  readonly attacks: number;
  readonly connections: number;
  /** Incidents that were waiting for a connection. */
  readonly waiting: number;
  /** Rows of other attacks that named a host in a text. */
  readonly texts: number;
}

/** The roots of the attacks that one of these hosts took part in. */
function rootsOf(database: Database, isForgotten: (host: string) => boolean): Set<number> {
  const roots = new Set<number>();
  for (const column of ['remote_host', 'remote_hostname'] as const) {
    const hosts = database.prepare(`SELECT DISTINCT ${column} FROM connections`).pluck().all();
    const ownRoot = database.prepare(
      `UPDATE connections SET connection_root = connection WHERE connection_root IS NULL AND ${column} = ?`,
    );
    const ofHost = database
      .prepare<[unknown], number>(`SELECT DISTINCT connection_root FROM connections WHERE ${column} = ?`)
      .pluck();
    for (const host of hosts) {
      if (!addresses.areNamed(host, isForgotten)) continue;
      ownRoot.run(host);
      for (const root of ofHost.all(host)) roots.add(root);
    }
  }
  // dionaea left trees whose root has another root: they are one attack.
  const related = database
    .prepare<[number, number], number>(
      `SELECT connection_root FROM connections WHERE connection = ? AND connection_root IS NOT NULL
        UNION SELECT below.connection_root FROM connections AS here
          JOIN connections AS below ON below.connection_root = here.connection WHERE here.connection_root = ?`,
    )
    .pluck();
  for (const root of roots) for (const other of related.all(root, root)) roots.add(other);
  return roots;
}

/**
 * Removes every attack, as a whole, in which one of these remote hosts took part, the incidents that wait for its connections,
 * and its address in the texts of other attacks. Works in short transactions: after an interruption, run it again. Overwrites the removed rows with zeros.
 */
export async function forgetAttacks(
  database: Database,
  isForgotten: (host: string) => boolean,
): Promise<RemovalCounts> {
  const deleteAttack = prepareDeleteAttack(database);
  const members = database
    .prepare<[number], [sensor: string | null, id: string | null]>(
      `SELECT sensor_name, connection_id FROM connections
        LEFT JOIN ihandler_connections USING (connection) LEFT JOIN ihandler_sensors USING (sensor)
        WHERE connection_root = ?`,
    )
    .raw();
  const removedKeys = new Set<ConnectionKey>();
  let connections = 0;

  function remove(root: number): void {
    for (const [sensor, id] of members.all(root)) {
      connections += 1;
      if (sensor !== null && id !== null) removedKeys.add(connectionKey(sensor, id));
    }
    deleteAttack(root);
  }

  const step = database.transaction((roots: Iterator<number>): boolean => {
    const end = performance.now() + STEP_MILLISECONDS;
    for (let next = roots.next(); !next.done; next = roots.next()) {
      remove(next.value);
      if (performance.now() > end) return true;
    }
    return false;
  });

  const removeWaiting = database.prepare<[number]>('DELETE FROM ihandler_waiting WHERE number = ?');
  const forgetWaiting = database.transaction((): number => {
    const all = database
      .prepare<[], [number: number, missing: ConnectionKey, child: ConnectionKey | null, incident: string]>(
        'SELECT number, missing, child, incident FROM ihandler_waiting',
      )
      .raw()
      .all();
    const concerned = all.filter(([, missing, child, text]) => {
      if (removedKeys.has(missing) || (child !== null && removedKeys.has(child))) return true;
      const incident = decodeIncident(text);
      if ([...connectionKeysIn([incident])].some((key) => removedKeys.has(key))) return true;
      return addresses.areNamed(incident.data, isForgotten);
    });
    for (const [number] of concerned) removeWaiting.run(number);
    return concerned.length;
  });

  const before: unknown = database.pragma('secure_delete', { simple: true });
  database.pragma('secure_delete = ON');
  try {
    const roots = database.transaction(() => rootsOf(database, isForgotten)).immediate();
    for (const left = roots.values(); step.immediate(left); ) await nextTurn();
    const waiting = forgetWaiting.immediate();
    return { attacks: roots.size, connections, waiting, texts: await forgetTexts(database, isForgotten) };
  } finally {
    database.pragma(`secure_delete = ${before === 1 ? 'ON' : before === 2 ? 'FAST' : 'OFF'}`);
  }
}
