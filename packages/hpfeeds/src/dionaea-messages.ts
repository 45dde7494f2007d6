import type { Connection, Incident } from '@ihandler/core';
import { pythonJson } from './python-json.ts';

/** A message for a channel. */
export interface Message {
  readonly channel: string;
  readonly payload: Uint8Array;
}

/** dionaea's channels, with the names and payloads of its own hpfeeds handler. */
export const CHANNELS = {
  connections: 'dionaea.connections',
  capture: 'dionaea.capture',
  dcerpcRequests: 'dionaea.dcerpcrequests',
  shellcodeProfiles: 'dionaea.shellcodeprofiles',
  samples: 'mwbinary.dionaea.sensorunique',
} as const;

/** The connection type of each origin that dionaea publishes on the channel of connections. */
const connectionTypes: Readonly<Record<string, string>> = {
  'dionaea.connection.tcp.listen': 'listen',
  'dionaea.connection.tls.listen': 'listen',
  'dionaea.connection.tcp.connect': 'connect',
  'dionaea.connection.tls.connect': 'connect',
  'dionaea.connection.udp.connect': 'connect',
  'dionaea.connection.tcp.accept': 'accept',
  'dionaea.connection.tls.accept': 'accept',
  'dionaea.connection.tcp.reject': 'reject',
  'dionaea.connection.tcp.pending': 'pending',
};

function message(channel: string, record: Readonly<Record<string, string | number>>): Message {
  return { channel, payload: Buffer.from(pythonJson(record)) };
}

function connectionMessage(type: string, { protocol, transport, local, remote }: Connection): Message {
  return message(CHANNELS.connections, {
    connection_type: type,
    connection_transport: transport,
    connection_protocol: protocol,
    remote_host: remote.host,
    remote_port: remote.port,
    remote_hostname: remote.hostname ?? '',
    local_host: local.host,
    local_port: local.port,
  });
}

function ends({ local, remote }: Connection): Readonly<Record<string, string>> {
  return { saddr: remote.host, sport: String(remote.port), daddr: local.host, dport: String(local.port) };
}

/** Formats as `2026-11-22 06:51:38.475452 GMT +0000`, in UTC as the label says (dionaea itself writes local time). */
function captureTime(milliseconds: number): string {
  const micros = Math.round(milliseconds * 1000);
  const text = new Date(Math.floor(micros / 1000)).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 23)}${String(micros % 1000).padStart(3, '0')} GMT +0000`;
}

function urlText(url: string | Uint8Array): string {
  return typeof url === 'string' ? url : Buffer.from(url).toString('latin1');
}

/**
 * The message that dionaea's own handler publishes for an incident; undefined for most origins. `sha512` is the hash of the
 * sample, or empty if the sample could not be read. The incident must fit its schema.
 */
export function dionaeaMessage(incident: Incident, sha512: string): Message | undefined {
  const { origin, timestamp } = incident;
  const type = Object.hasOwn(connectionTypes, origin) ? connectionTypes[origin] : undefined;
  // Safe, here and below: an incident that fits its schema has the data of its origin.
  if (type !== undefined)
    return connectionMessage(type, (incident.data as { connection: Connection }).connection);
  switch (origin) {
    case 'dionaea.download.complete.unique':
    case 'dionaea.download.complete.again': {
      const { connection, md5hash, url } = (incident as Incident<typeof origin>).data;
      if (connection === undefined) return undefined;
      const record = {
        time: captureTime(timestamp),
        ...ends(connection),
        md5: md5hash,
        sha512,
        url: urlText(url),
      };
      return message(CHANNELS.capture, record);
    }
    case 'dionaea.modules.python.smb.dcerpc.request': {
      const { uuid, opnum, connection } = (incident as Incident<typeof origin>).data;
      return message(CHANNELS.dcerpcRequests, { uuid, opnum, ...ends(connection) });
    }
    case 'dionaea.module.emu.profile':
      return message(CHANNELS.shellcodeProfiles, {
        profile: (incident as Incident<typeof origin>).data.profile,
      });
    default:
      return undefined;
  }
}
