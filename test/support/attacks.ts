import {
  type Checkpoint,
  type Connection,
  createIncident,
  type Incident,
  type UntypedData,
} from '@ihandler/core';
import { connection as example } from '@ihandler/testkit';

/** A connection with this id and remote host. All other values are invented. */
export function connection(id: string, host = '198.51.100.7'): Connection {
  return example({ id, remote: { host } });
}

/** Creates incidents of one stream with rising ordinals, one second apart. */
export function stream(name = 'stream', sensor = 'sensor') {
  let ordinal = 0;
  /** The time of the last incident, in milliseconds. */
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
    listen: (id: string) => incident('dionaea.connection.tcp.listen', { connection: connection(id) }),
    free: (id: string) => incident('dionaea.connection.free', { connection: connection(id) }),
    link: (parent: string, child: string) =>
      incident('dionaea.connection.link', { parent: connection(parent), child: connection(child) }),
    offer: (id: string, url: string) =>
      incident('dionaea.download.offer', { connection: connection(id), url }),
    login: (id: string, username: string, password: string) =>
      incident('dionaea.modules.python.mysql.login', { connection: connection(id), username, password }),
    download: (id: string, url: string, md5hash: string) =>
      incident('dionaea.download.complete.hash', { connection: connection(id), url, md5hash, file: '' }),
    /** A checkpoint that covers all incidents so far. */
    checkpoint: (): Checkpoint => ({ [name]: ordinal }),
  };
}
