import type { Connection, Value } from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';
import { compileSource, type Find, textOf } from '@ihandler/core/origins';
import type { Sessions } from '@ihandler/source-kit';
import type { Mapping } from './mapping.ts';

type ConnectionMapping = NonNullable<Mapping['connection']>;

/** Ids are keys of tables. */
const LONGEST_ID = 200;

function portOf(value: Value | undefined): number {
  const port = Number(typeof value === 'number' ? value : (textOf(value) ?? Number.NaN));
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0;
}

const nowhere: Find = () => undefined;

/** Makes the function that reads the connection of a line; undefined when the line names none. */
export function createConnectionReader(
  mapping: ConnectionMapping,
): (line: Value, sessions: Sessions, closes: boolean) => Connection | undefined {
  const find = (source: Parameters<typeof compileSource>[0] | undefined) =>
    source === undefined ? nowhere : compileSource(source);
  const { id, protocol, transport, local = {}, remote = {}, remember } = mapping;
  const finds = {
    id: find(id),
    protocol: find(protocol),
    transport: find(transport),
    localHost: find(local.host),
    localPort: find(local.port),
    remoteHost: find(remote.host),
    remotePort: find(remote.port),
    hostname: find(remote.hostname),
  };

  function read(line: Value): Connection {
    const text = (name: keyof typeof finds) => textOf(finds[name](line)) ?? '';
    const ends = {
      local: { host: text('localHost'), port: portOf(finds.localPort(line)) },
      remote: { host: text('remoteHost'), port: portOf(finds.remotePort(line)), hostname: text('hostname') },
    };
    const own = text('id');
    const name = `${ends.remote.host}:${ends.remote.port}-${ends.local.host}:${ends.local.port}`;
    return {
      id: (own === '' ? name : own).slice(0, LONGEST_ID),
      protocol: text('protocol'),
      transport: text('transport') || 'tcp',
      ...ends,
    };
  }

  /** The connection with the ends that an earlier line of it had. */
  function completed(connection: Connection, sessions: Sessions, closes: boolean): Connection {
    const { id, protocol, local: here, remote: there } = connection;
    const known = sessions.get(id);
    // Safe: only connections are put into the table.
    const full = isRecord(known) ? (known as unknown as Connection) : undefined;
    const isComplete = there.host !== '' && there.port !== 0 && here.port !== 0;
    if (full === undefined || isComplete) sessions.set(id, { ...connection });
    if (closes) sessions.end(id);
    if (full === undefined || isComplete) return connection;
    return {
      ...full,
      protocol: protocol || full.protocol,
      remote: there.host === '' ? full.remote : { ...there, port: there.port || full.remote.port },
    };
  }

  return (line, sessions, closes) => {
    const connection = read(line);
    const { remote: there } = connection;
    const hasId = textOf(finds.id(line)) !== undefined;
    if (there.host === '' && !hasId) return undefined;
    return remember && hasId ? completed(connection, sessions, closes) : connection;
  };
}
