import { type Connection, createIncident, type Incident, type UntypedData } from '@ihandler/core';

/** A connection by its id; everything else of it is made up. */
export function connection(id: string, host = '198.51.100.7'): Connection {
  return {
    id,
    protocol: 'smbd',
    transport: 'tcp',
    local: { host: '192.0.2.1', port: 445 },
    remote: { host, port: 40_000, hostname: '' },
  };
}

/** Makes incidents of one stream in rising ordinals, a second apart. */
export function stream(name = 'stream', sensor = 'sensor') {
  let ordinal = 0;
  /** When the next incident happens, in milliseconds. */
  const clock = { now: 1_600_000_000_000 };
  function incident(origin: string, data: UntypedData): Incident {
    ordinal += 1;
    clock.now += 1000;
    return createIncident({ id: `${name}:${ordinal}`, origin, timestamp: clock.now, sensor, data });
  }
  return {
    clock,
    incident,
    accept: (id: string, host?: string) =>
      incident('dionaea.connection.tcp.accept', { connection: connection(id, host) }),
    free: (id: string) => incident('dionaea.connection.free', { connection: connection(id) }),
    link: (parent: string, child: string) =>
      incident('dionaea.connection.link', { parent: connection(parent), child: connection(child) }),
    offer: (id: string, url: string) =>
      incident('dionaea.download.offer', { connection: connection(id), url }),
    login: (id: string, username: string, password: string) =>
      incident('dionaea.modules.python.mysql.login', { connection: connection(id), username, password }),
    download: (id: string, url: string, md5hash: string) =>
      incident('dionaea.download.complete.hash', { connection: connection(id), url, md5hash, file: '' }),
  };
}
