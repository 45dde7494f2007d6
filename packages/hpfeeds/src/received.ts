import { type Connection, createIncident, type Incident, type UntypedData } from '@ihandler/core';
import { CHANNELS } from './dionaea-messages.ts';

/** Makes incidents of what a dionaea published on its own channels. */
export interface DionaeaReader {
  /** The incident of a message, or why there is none. */
  read(ident: string, channel: string, message: Buffer): Incident | string;
}

type Fields = Readonly<Record<string, unknown>>;

/** The messages do not name a connection: its two ends, which are in all of them, do. */
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

function named(fields: Fields): Connection {
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

/** The connection of a message that only has its ends; what it spoke is what the port says, as far as we know. */
function ofEnds(fields: Fields): Connection {
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

/** Origin and data of a message of one of dionaea's channels; a text says why there are none. */
function meaning(
  channel: string,
  fields: Fields,
): { readonly origin: string; readonly data: UntypedData } | string {
  switch (channel) {
    case CHANNELS.connections: {
      const connection = named(fields);
      const type = text(fields['connection_type']);
      if (!types.includes(type) || !transports.includes(connection.transport))
        return 'Expected connection_type and connection_transport as dionaea writes them.';
      return { origin: `dionaea.connection.${connection.transport}.${type}`, data: { connection } };
    }
    case CHANNELS.capture: {
      const md5hash = text(fields['md5']);
      const data = { file: md5hash, url: text(fields['url']), md5hash, connection: ofEnds(fields) };
      return { origin: 'dionaea.download.complete.hash', data };
    }
    case CHANNELS.dcerpcRequests: {
      const { uuid, opnum } = fields;
      if (typeof uuid !== 'string' || typeof opnum !== 'number') return 'Expected uuid and opnum.';
      return {
        origin: 'dionaea.modules.python.smb.dcerpc.request',
        data: { uuid, opnum, connection: ofEnds(fields) },
      };
    }
    default:
      return `Expected a channel whose messages say which connection they are about; found ${JSON.stringify(channel.slice(0, 80))}.`;
  }
}

/** Numbers the incidents of a stream; `now` is the time of those whose message has none, that of arrival. */
export function createDionaeaReader(stream: string, now: () => number): DionaeaReader {
  let ordinal = 0;
  return {
    read(ident, channel, message) {
      let fields: unknown;
      try {
        fields = JSON.parse(message.toString('utf8'));
      } catch {
        return 'Expected JSON.';
      }
      if (typeof fields !== 'object' || fields === null) return 'Expected an object in JSON.';
      // Safe: any key of an object may be read, and what comes out is looked at.
      const found = meaning(channel, fields as Fields);
      if (typeof found === 'string') return found;
      ordinal += 1;
      return createIncident({ id: `${stream}:${ordinal}`, timestamp: now(), sensor: ident, ...found });
    },
  };
}
