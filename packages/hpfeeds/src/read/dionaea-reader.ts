import { type Connection, createIncident, type Incident, type UntypedData } from '@ihandler/core';
import type { PublishedMessage } from '../connection/frame.ts';
import { CHANNELS } from '../dionaea-messages.ts';

/** Turns the messages of dionaea's own channels into incidents. */
export interface DionaeaReader {
  /**
   * Returns the incident of a message, or the reason why it is invalid. `receivedAt` is its timestamp, in milliseconds since
   * the Unix epoch, because the messages have none that says the time zone.
   */
  read(message: PublishedMessage, receivedAt: number): Incident | string;
}

type Fields = Readonly<Record<string, unknown>>;

/** An id for a connection: the messages have none, but all contain both ends. */
function connectionId(remote: string, remotePort: number, local: string, localPort: number): string {
  return `${remote}:${remotePort}-${local}:${localPort}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function port(value: unknown): number {
  const number = typeof value === 'number' ? value : /^\d{1,5}$/.test(text(value)) ? Number(value) : 0;
  return Number.isInteger(number) && number >= 0 && number < 65_536 ? number : 0;
}

/** The connection of a message on the channel of connections. */
function describedConnection(fields: Fields): Connection {
  const remote = { host: text(fields['remote_host']), port: port(fields['remote_port']) };
  const local = { host: text(fields['local_host']), port: port(fields['local_port']) };
  return {
    id: connectionId(remote.host, remote.port, local.host, local.port),
    protocol: text(fields['connection_protocol']),
    transport: text(fields['connection_transport']),
    local,
    remote: { ...remote, hostname: text(fields['remote_hostname']) },
  };
}

/** The connection of a message that contains only its ends; the protocol is unknown. */
function connectionOfEnds(fields: Fields): Connection {
  const remote = { host: text(fields['saddr']), port: port(fields['sport']) };
  const local = { host: text(fields['daddr']), port: port(fields['dport']) };
  return {
    id: connectionId(remote.host, remote.port, local.host, local.port),
    protocol: '',
    transport: 'tcp',
    local,
    remote: { ...remote, hostname: '' },
  };
}

const types = ['accept', 'connect', 'listen', 'reject', 'pending'];
const transports = ['tcp', 'tls', 'udp'];

/** Origin and data of a message, or the reason why it is invalid. */
function parse(
  channel: string,
  fields: Fields,
): { readonly origin: string; readonly data: UntypedData } | string {
  switch (channel) {
    case CHANNELS.connections: {
      const connection = describedConnection(fields);
      const type = text(fields['connection_type']);
      if (!types.includes(type) || !transports.includes(connection.transport))
        return 'Expected connection_type and connection_transport as dionaea writes them.';
      return { origin: `dionaea.connection.${connection.transport}.${type}`, data: { connection } };
    }
    case CHANNELS.capture: {
      const md5hash = text(fields['md5']);
      const data = { file: md5hash, url: text(fields['url']), md5hash, connection: connectionOfEnds(fields) };
      return { origin: 'dionaea.download.complete.hash', data };
    }
    case CHANNELS.dcerpcRequests: {
      const { uuid, opnum } = fields;
      if (typeof uuid !== 'string' || typeof opnum !== 'number') return 'Expected uuid and opnum.';
      return {
        origin: 'dionaea.modules.python.smb.dcerpc.request',
        data: { uuid, opnum, connection: connectionOfEnds(fields) },
      };
    }
    default:
      return `Expected a channel whose messages contain a connection; found ${JSON.stringify(channel.slice(0, 80))}.`;
  }
}

/** Numbers the incidents of a stream, from 1. */
export function createDionaeaReader(stream: string): DionaeaReader {
  let ordinal = 0;
  return {
    read({ ident, channel, message }, receivedAt) {
      let fields: unknown;
      try {
        fields = JSON.parse(message.toString('utf8'));
      } catch {
        return 'Expected JSON.';
      }
      if (typeof fields !== 'object' || fields === null) return 'Expected an object in JSON.';
      // Safe: any key of an object may be read, and each value is checked.
      const parsed = parse(channel, fields as Fields);
      if (typeof parsed === 'string') return parsed;
      ordinal += 1;
      return createIncident({ id: `${stream}:${ordinal}`, timestamp: receivedAt, sensor: ident, ...parsed });
    },
  };
}
