import { connection, type OriginDefinitions, ofConnection } from '@ihandler/core/origins';
import { z } from 'zod';

const link = z.object({ parent: connection, child: connection });

/** The life of connections. */
export const connectionFamily = {
  'dionaea.connection.tcp.listen': {
    schema: ofConnection,
    level: 'info',
    description:
      'A TCP listener was opened after the start of the sensor, such as an FTP data port or a shell.',
    roles: { 'connection.open': { how: { value: 'listen' } } },
  },
  'dionaea.connection.tls.listen': {
    schema: ofConnection,
    level: 'info',
    description: 'A TLS listener was opened. dionaea documents this origin but never reports it.',
    roles: { 'connection.open': { how: { value: 'listen' } } },
  },
  'dionaea.connection.tcp.accept': {
    schema: ofConnection,
    level: 'info',
    description: 'A peer connected over TCP.',
    roles: { 'connection.open': { how: { value: 'accept' } } },
  },
  'dionaea.connection.tls.accept': {
    schema: ofConnection,
    level: 'info',
    description: 'A peer connected and the TLS handshake is done.',
    roles: { 'connection.open': { how: { value: 'accept' } } },
  },
  'dionaea.connection.dtls.accept': {
    schema: ofConnection,
    level: 'info',
    description: 'A peer connected and the DTLS handshake is done.',
    roles: { 'connection.open': { how: { value: 'accept' } } },
  },
  'dionaea.connection.tcp.connect': {
    schema: ofConnection,
    level: 'info',
    description:
      'The sensor itself tries to connect over TCP. The remote address is empty until a name is resolved.',
    roles: { 'connection.open': { how: { value: 'connect' } } },
  },
  'dionaea.connection.tls.connect': {
    schema: ofConnection,
    level: 'info',
    description: 'The sensor itself tries to connect over TLS.',
    roles: { 'connection.open': { how: { value: 'connect' } } },
  },
  'dionaea.connection.udp.connect': {
    schema: ofConnection,
    level: 'info',
    description: 'A UDP exchange began. SIP over TCP or TLS also announces its sessions in this way.',
    roles: { 'connection.open': { how: { value: 'connect' } } },
  },
  'dionaea.connection.dtls.connect': {
    schema: ofConnection,
    level: 'info',
    description: 'The sensor itself tries to connect over DTLS.',
    roles: { 'connection.open': { how: { value: 'connect' } } },
  },
  'dionaea.connection.tcp.reject': {
    schema: ofConnection,
    level: 'info',
    description: 'A peer tried to connect to a closed TCP port.',
    roles: { 'connection.open': { how: { value: 'reject' } } },
  },
  'dionaea.connection.tcp.pending': {
    schema: z.object({ connection, nfaction: z.int() }),
    level: 'info',
    description: 'The packet filter holds back a new TCP connection; `nfaction` is its decision (1: accept).',
    roles: { 'connection.open': { how: { value: 'pending' } } },
  },
  'dionaea.connection.link': {
    schema: link,
    level: 'debug',
    description: 'One connection resulted from another: attacks are trees of connections.',
    roles: { 'connection.child': {} },
  },
  'dionaea.connection.link.early': {
    schema: link,
    level: 'debug',
    description: 'One connection resulted from another that has not been announced yet.',
    roles: { 'connection.child': {} },
  },
  'dionaea.connection.free': {
    schema: ofConnection,
    level: 'debug',
    description: 'A connection was closed; its id may be reused.',
    roles: { 'connection.close': {} },
  },
} as const satisfies OriginDefinitions;
