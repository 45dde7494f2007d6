import type { Incident, OriginDescription, RoleMappings } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';

const declare = (roles: RoleMappings): OriginDescription => ({ level: 'info', description: '', roles });

/** What the package of a sensor from outside declares: nothing here knows its origins, nor where its data is. */
export const acmeOrigins = createOrigins([
  {
    origins: {
      'acme.session.start': declare({ 'connection.open': { connection: 'session', how: 'kind' } }),
      'acme.session.end': declare({
        'connection.close': { connection: 'session', duration: { path: 'lasted', as: 'seconds' } },
      }),
      'acme.tunnel': declare({ 'connection.child': { parent: 'from', child: 'to' } }),
      'acme.try': declare({
        login: {
          connection: 'session',
          username: 'user',
          password: 'pass',
          outcome: 'result',
          method: 'way',
          key: 'print',
        },
      }),
      'acme.typed': declare({
        command: { connection: 'session', input: 'line', realm: { value: 'shell' }, outcome: 'result' },
      }),
      'acme.asked': declare({
        request: { connection: 'session', method: 'verb', target: 'what', status: 'code' },
      }),
      'acme.fetch': declare({
        offer: { connection: 'session', url: 'url' },
        capture: { connection: 'session', sha256: 'hash', url: 'url', size: 'bytes', name: 'as' },
      }),
      'acme.client': declare({
        client: {
          connection: 'session',
          kind: { value: 'ssh' },
          version: 'banner',
          details: { pick: ['kex'] },
        },
      }),
      'acme.exploit': declare({ exploit: { connection: 'session', name: 'cve', evidence: 'proof' } }),
      'acme.shell': declare({ service: { connection: 'session', name: 'address' } }),
      'acme.tunnelled': declare({ message: { connection: 'session', payload: 'bytes' } }),
      'acme.recorded': declare({
        tty: { connection: 'session', sha256: 'hash', duration: { path: 'lasted', as: 'seconds' } },
      }),
      'acme.judged': declare({
        verdict: { sha256: 'hash', malicious: 'bad', total: 'all', names: 'names', at: 'at' },
      }),
      /** A sensor that never announces connections. */
      'quiet.login': declare({ login: { username: 'user' } }),
      'quiet.tunnel': declare({ 'connection.child': {} }),
    },
  },
]);

/** The same incident as that of dionaea, from the sensor of another maker: its data looks different. */
export function fromAcme({ origin, data, ...rest }: Incident): Incident {
  const { connection, parent, child, url } = data;
  switch (origin) {
    case 'dionaea.connection.tcp.accept':
      return { ...rest, origin: 'acme.session.start', data: { session: connection ?? null, kind: 'accept' } };
    case 'dionaea.connection.free':
      return { ...rest, origin: 'acme.session.end', data: { session: connection ?? null, lasted: 1.5 } };
    case 'dionaea.download.offer':
      return { ...rest, origin: 'acme.fetch', data: { session: connection ?? null, url: url ?? null } };
    default:
      return { ...rest, origin: 'acme.tunnel', data: { from: parent ?? null, to: child ?? null } };
  }
}
