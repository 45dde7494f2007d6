import { isIP, SocketAddress } from 'node:net';
import type { Value } from '@ihandler/core';
import { integer, text } from '../rows/cells.ts';
import type { LooseConnection } from './connection-key.ts';

const mapped = /^::ffff:(?=\d+\.)/i;

/** What is known about the ends of a connection, to tell connections with the same id apart. */
export interface ConnectionEnds {
  /** The remote address in its shortest form; undefined if unknown. */
  readonly remoteHost: string | undefined;
  /** 0 if unknown. */
  readonly remotePort: number;
  /** 0 if unknown. */
  readonly localPort: number;
  /** Whether it has no remote end: it waits for connections. */
  readonly listens: boolean;
  /** An answer over UDP may come from another port. */
  readonly isUdp: boolean;
}

function portIn(value: unknown): number {
  return typeof value === 'number' && value > 0 && value <= 65_535 ? value : 0;
}

function addressIn(host: unknown): string | undefined {
  const plain = typeof host === 'string' ? host.replace(mapped, '').replace(/%.*/s, '') : '';
  const family = isIP(plain);
  // Databases return the shortest form, whatever the sensor wrote.
  if (family === 6) return new SocketAddress({ address: plain, family: 'ipv6' }).address;
  return family === 4 ? plain : undefined;
}

/** The ends in a row of `connections`. The values are unchecked, as databases return them. */
export function connectionEnds(
  transport: unknown,
  localPort: unknown,
  remoteHost: unknown,
  remotePort: unknown,
): ConnectionEnds {
  return {
    remoteHost: addressIn(remoteHost),
    remotePort: portIn(remotePort),
    localPort: portIn(localPort),
    // PostgreSQL has NULL for an empty address.
    listens: (remoteHost === '' || remoteHost === null) && remotePort === 0,
    isUdp: transport === 'udp',
  };
}

/** The ends of a connection as an incident names it. */
export function endsIn({ transport, local, remote }: LooseConnection): ConnectionEnds {
  // The types do not hold for an incident that does not fit its schema.
  const at = (end: unknown, name: string) => (end as Record<string, Value> | null | undefined)?.[name];
  return connectionEnds(
    transport,
    integer(at(local, 'port')),
    text(at(remote, 'host')),
    integer(at(remote, 'port')),
  );
}

const differ = (a: number, b: number) => a !== 0 && b !== 0 && a !== b;

/**
 * Whether a connection that an incident names cannot be the one that was announced. The remote host of a connection by name
 * and the local port of an outgoing one are unknown at first, but a listener never gets a remote end.
 */
export function contradicts(named: ConnectionEnds, announced: ConnectionEnds): boolean {
  if (named.remoteHost !== undefined && announced.listens) return true;
  const hasHosts = named.remoteHost !== undefined && announced.remoteHost !== undefined;
  if (hasHosts && named.remoteHost !== announced.remoteHost) return true;
  if (named.isUdp || announced.isUdp) return false;
  return differ(named.remotePort, announced.remotePort) || differ(named.localPort, announced.localPort);
}

/** Whether the known ends of both are so alike that both are of the same attacker, or the same listener. */
export function confirms(named: ConnectionEnds, announced: ConnectionEnds): boolean {
  if (named.listens && announced.listens) return named.localPort !== 0;
  return named.remoteHost !== undefined && named.remoteHost === announced.remoteHost;
}
