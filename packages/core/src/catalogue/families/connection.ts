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
      'A TCP listener was opened after the sensor had started, such as an FTP data port or a shell.',
  },
  'dionaea.connection.tls.listen': {
    schema: ofConnection,
    level: 'info',
    description: 'A TLS listener was opened. dionaea documents it and never reports it.',
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
    description: 'A UDP exchange began. SIP over TCP or TLS announces its sessions this way too.',
  },
  'dionaea.connection.dtls.connect': {
    schema: ofConnection,
    level: 'info',
    description: 'The sensor itself tries to connect over DTLS.',
  },
  'dionaea.connection.tcp.reject': {
    schema: ofConnection,
    level: 'info',
    description: 'A peer tried a TCP port that nobody listens on.',
  },
  'dionaea.connection.tcp.pending': {
    schema: z.object({ connection, nfaction: z.int() }),
    level: 'info',
    description:
      'The packet filter holds a new TCP connection back; `nfaction` is what it will do (1: accept).',
  },
  'dionaea.connection.link': {
    schema: link,
    level: 'debug',
    description: 'One connection came out of another: attacks are trees of connections.',
  },
  'dionaea.connection.link.early': {
    schema: link,
    level: 'debug',
    description: 'One connection came out of another that has not been announced yet.',
  },
  'dionaea.connection.free': {
    schema: ofConnection,
    level: 'debug',
    description: 'A connection is gone; its id may be used again.',
  },
} as const satisfies Family;
