import { connection, type OriginDefinitions } from '@ihandler/core/origins';
import { z } from 'zod';

const address = z.object({ addr: z.string(), iface: z.string(), scope: z.int() });

/** What the kernel of the sensor tells about its network. */
export const netlinkFamily = {
  'dionaea.module.nl.addr.new': {
    schema: address,
    level: 'info',
    description: "An interface of the sensor's machine got an address.",
  },
  'dionaea.module.nl.addr.del': {
    schema: address,
    level: 'info',
    description: "An interface of the sensor's machine lost an address.",
  },
  'dionaea.module.nl.addr.hup': {
    schema: address,
    level: 'info',
    description: "An address of the sensor's machine was looked up anew.",
  },
  'dionaea.module.nl.connection.info.mac': {
    schema: z.object({ mac: z.string(), connection }),
    level: 'debug',
    description: 'The hardware address of a peer in the local network.',
  },
} as const satisfies OriginDefinitions;
