import { z } from 'zod';
import type { Family } from '../family.ts';
import { connection, ofConnection } from '../values.ts';

const link = z.object({ parent: connection, child: connection });

/** The life of connections. */
export const connectionFamily = {
  'dionaea.connection.tcp.listen': {
    schema: ofConnection,
    level: 'info',
    description:
      'A TCP listener was opened after the start of the sensor, such as an FTP data port or a shell.',
  },
  'dionaea.connection.tls.listen': {
    schema: ofConnection,
    level: 'info',
    description: 'A TLS listener was opened. dionaea documents this origin but never reports it.',
  },
  'dionaea.connection.tcp.accept': {
    schema: ofConnection,
    level: 'info',
    description: 'A peer connected over TCP.',
  },
  'dionaea.connection.tls.accept': {
    schema: ofConnection,
    level: 'info',
    description: 'A peer connected and the TLS handshake is done.',
  },
  'dionaea.connection.dtls.accept': {
    schema: ofConnection,
    level: 'info',
    description: 'A peer connected and the DTLS handshake is done.',
  },
  'dionaea.connection.tcp.connect': {
    schema: ofConnection,
    level: 'info',
    description:
      'The sensor itself tries to connect over TCP. The remote address is empty until a name is resolved.',
  },
  'dionaea.connection.tls.connect': {
    schema: ofConnection,
    level: 'info',
    description: 'The sensor itself tries to connect over TLS.',
  },
  'dionaea.connection.udp.connect': {
    schema: ofConnection,
    level: 'info',
    description: 'A UDP exchange began. SIP over TCP or TLS also announces its sessions in this way.',
  },
  'dionaea.connection.dtls.connect': {
    schema: ofConnection,
    level: 'info',
    description: 'The sensor itself tries to connect over DTLS.',
  },
  'dionaea.connection.tcp.reject': {
    schema: ofConnection,
    level: 'info',
    description: 'A peer tried to connect to a closed TCP port.',
  },
  'dionaea.connection.tcp.pending': {
    schema: z.object({ connection, nfaction: z.int() }),
    level: 'info',
    description: 'The packet filter holds back a new TCP connection; `nfaction` is its decision (1: accept).',
  },
  'dionaea.connection.link': {
    schema: link,
    level: 'debug',
    description: 'One connection resulted from another: attacks are trees of connections.',
  },
  'dionaea.connection.link.early': {
    schema: link,
    level: 'debug',
    description: 'One connection resulted from another that has not been announced yet.',
  },
  'dionaea.connection.free': {
    schema: ofConnection,
    level: 'debug',
    description: 'A connection was closed; its id may be reused.',
  },
} as const satisfies Family;
