import { connection, flag, type OriginDefinitions } from '@ihandler/core/origins';
import { z } from 'zod';

/** NetBIOS names (the living fork). */
export const nbnsFamily = {
  'dionaea.modules.python.nbns.query': {
    schema: z.object({
      name: z.string(),
      suffix: z.int(),
      suffix_name: z.string(),
      opcode: z.int(),
      opcode_name: z.string(),
      qtype: z.int(),
      qtype_name: z.string().exactOptional(),
      is_wpad: flag,
      threat_level: z.string().exactOptional(),
      threat_desc: z.string().exactOptional(),
      connection,
    }),
    level: 'info',
    description: 'A peer asked for a NetBIOS name; `is_wpad` marks the name that is used to hijack proxies.',
    roles: { request: { method: 'opcode_name', target: 'name' } },
  },
  'dionaea.modules.python.nbns.malformed': {
    schema: z.object({ error: z.string(), raw_data: z.string(), connection }),
    level: 'debug',
    description: 'A NetBIOS packet could not be parsed; `raw_data` is the packet in hexadecimal.',
  },
} as const satisfies OriginDefinitions;
