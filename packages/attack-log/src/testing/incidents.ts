import { type Connection, createIncident, type Incident, type UntypedData } from '@ihandler/core';

/** A connection with this id and fixed other values. */
export function connection(id: string, transport = 'tcp'): Connection {
  return {
    id,
    protocol: 'smbd',
    transport,
    local: { host: '192.0.2.1', port: 445 },
    remote: { host: '198.51.100.7', port: 40_000, hostname: '' },
  };
}

let ordinal = 0;

/** An incident of a sensor, by default the one called `s`. */
export function incident(origin: string, data: UntypedData, sensor = 's'): Incident {
  ordinal += 1;
  const id = `test:${ordinal}`;
  return createIncident({ id, origin, timestamp: 1_600_000_000_000 + ordinal, sensor, data });
}

/** `accept` of a connection. */
export function accept(id: string, sensor?: string): Incident {
  return incident('dionaea.connection.tcp.accept', { connection: connection(id) }, sensor);
}

/** A link; `early` makes it a `link.early`. */
export function link(parent: string, child: string, sensor?: string, early = false): Incident {
  const origin = early ? 'dionaea.connection.link.early' : 'dionaea.connection.link';
  return incident(origin, { parent: connection(parent), child: connection(child) }, sensor);
}

/** `free` of a connection. */
export function free(id: string, sensor?: string): Incident {
  return incident('dionaea.connection.free', { connection: connection(id) }, sensor);
}

/** An offer on a connection. */
export function offer(id: string, url: string, sensor?: string): Incident {
  return incident('dionaea.download.offer', { connection: connection(id), url }, sensor);
}
