import { connection, type OriginDefinitions, text } from '@ihandler/core/origins';
import { z } from 'zod';

/** The PPTP server. */
export const pptpFamily = {
  'dionaea.modules.python.pptp.connect': {
    schema: z.object({
      firmware_revision: z.int(),
      max_channels: z.int(),
      protocol_version: z.int(),
      remote_hostname: text,
      vendor_name: text,
      connection,
    }),
    level: 'message',
    description: 'A client requested a PPTP tunnel.',
    roles: {
      client: {
        kind: { value: 'pptp' },
        version: 'vendor_name',
        details: { pick: ['remote_hostname', 'firmware_revision', 'protocol_version'] },
      },
    },
  },
} as const satisfies OriginDefinitions;
