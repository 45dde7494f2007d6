import type { Meaning, Role, RoleFacts, Value } from '@ihandler/core';
import type { Cell } from '../schema/tables.ts';
import { seconds, text } from './cells.ts';
import type { RowSink } from './row-sink.ts';

/** The roles that become rows of a connection. */
export type DetailRole = Exclude<Role, 'connection.open' | 'connection.child' | 'verdict'>;

type Details = { readonly [R in DetailRole]: RoleFacts[R] };
type Makers = { readonly [R in DetailRole]: (sink: RowSink, connection: number, facts: Details[R]) => void };

/** A fact that is missing, or has a value of any form: it becomes NULL or text. */
const cell = (fact: unknown): Cell => text(fact as Value | undefined);
const duration = (milliseconds: number | undefined) =>
  milliseconds === undefined ? null : seconds(milliseconds);

/** Adds a row of our table of captured files. `download` is the row of `downloads`. */
export function addCapture(
  sink: RowSink,
  connection: number,
  download: number | null,
  { sha256, size, name, file }: RoleFacts['capture'],
): void {
  const cells = [cell(sha256), size ?? null, cell(name), cell(file)];
  if (cells.every((value) => value === null)) return;
  sink.add('ihandler_downloads', [connection, sink.time(), download, ...cells]);
}

const makers: Makers = {
  'connection.close'(sink, connection, facts) {
    sink.add('ihandler_closes', [connection, sink.time(), duration(facts.duration)]);
  },
  login(sink, connection, { username, password, outcome, method, key }) {
    const login = sink.add('logins', [connection, cell(username), cell(password)]);
    if (outcome === 'unknown' && method === undefined && key === undefined) return;
    const more = [cell(outcome), cell(method), cell(key)];
    sink.add('ihandler_login_outcomes', [connection, sink.time(), login, ...more]);
  },
  command(sink, connection, { realm, input, outcome }) {
    sink.add('ihandler_commands', [connection, sink.time(), cell(realm), cell(input), outcome]);
  },
  request(sink, connection, { method, target, host, agent, status }) {
    const cells = [method, target, host, agent].map(cell);
    sink.add('ihandler_requests', [connection, sink.time(), ...cells, status ?? null]);
  },
  offer(sink, connection, { url }) {
    sink.add('offers', [connection, cell(url)]);
  },
  capture(sink, connection, facts) {
    // dionaea has an empty URL for a file that was uploaded.
    const download = sink.add('downloads', [connection, cell(facts.url) ?? '', cell(facts.md5)]);
    addCapture(sink, connection, download, facts);
  },
  client(sink, connection, { kind, version, fingerprint, details }) {
    const cells = [kind, version, fingerprint, details].map(cell);
    sink.add('ihandler_clients', [connection, sink.time(), ...cells]);
  },
  exploit(sink, connection, { name, evidence }) {
    sink.add('ihandler_exploits', [connection, sink.time(), name, cell(evidence)]);
  },
  service(sink, connection, { name }) {
    sink.add('emu_services', [connection, name]);
  },
  message(sink, connection, { topic, payload }) {
    sink.add('ihandler_messages', [connection, sink.time(), cell(topic), cell(payload)]);
  },
  tty(sink, connection, facts) {
    const cells = [facts.sha256, facts.size ?? null, duration(facts.duration), cell(facts.file)];
    sink.add('ihandler_ttys', [connection, sink.time(), ...cells]);
  },
};

/** Whether a role becomes rows of a connection. */
export function isDetailRole(role: Role): role is DetailRole {
  return Object.hasOwn(makers, role);
}

/** Adds the rows of a role for its connection. */
export function addRoleRows<R extends DetailRole>(
  sink: RowSink,
  connection: number,
  { role, facts }: { readonly role: R; readonly facts: Details[R] },
): void {
  makers[role](sink, connection, facts);
}

/** Adds the row of a verdict. It belongs to a file, not to a connection. */
export function addVerdict(sink: RowSink, facts: Meaning<'verdict'>['facts']): void {
  const { sha256, md5, malicious, total, names, permalink, at } = facts;
  const judged = at === undefined ? null : seconds(at);
  const counts = [malicious ?? null, total ?? null];
  const rest = [cell(names), cell(permalink), judged];
  sink.add('ihandler_verdicts', [sink.time(), cell(sha256), cell(md5), ...counts, ...rest]);
}

/** Adds a row for an incident that has no other one: its origin, and its data without the connection. */
export function addEvent(
  sink: RowSink,
  connection: number,
  origin: string,
  data: Readonly<Record<string, Value>>,
): void {
  const { connection: _, ...rest } = data;
  sink.add('ihandler_events', [connection, sink.time(), origin, text(rest)]);
}
