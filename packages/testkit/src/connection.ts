import type { Connection, Endpoint, RemoteEndpoint } from '@ihandler/core';

/** Overrides of a {@link connection}. */
export interface ConnectionOverrides extends Partial<Omit<Connection, 'local' | 'remote'>> {
  readonly local?: Partial<Endpoint>;
  readonly remote?: Partial<RemoteEndpoint>;
}

/** A connection of 198.51.100.7 to port 445 of a sensor. `overrides` replaces parts of it, and parts of its ends. */
export function connection({ local, remote, ...rest }: ConnectionOverrides = {}): Connection {
  return {
    id: 'c1',
    protocol: 'smbd',
    transport: 'tcp',
    ...rest,
    local: { host: '192.0.2.1', port: 445, ...local },
    remote: { host: '198.51.100.7', port: 40_000, hostname: '', ...remote },
  };
}

/** A connection to a service, given dionaea's name of the service and its port. */
export function serviceConnection(protocol: string, port: number, transport = 'tcp'): Connection {
  return connection({ protocol, transport, local: { port } });
}
