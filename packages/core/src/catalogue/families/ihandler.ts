import { z } from 'zod';
import type { Family } from '../family.ts';
import { connection, text } from '../values.ts';

/** What this program reports of itself. */
export const ihandlerFamily = {
  'ihandler.handler.failed': {
    schema: z.object({
      instance: z.string(),
      handler: z.string(),
      origin: z.string().exactOptional(),
      incident: z.string().exactOptional(),
      message: z.string(),
      attempts: z.int(),
    }),
    level: 'critical',
    description:
      'A handler could not handle an incident, which is in its dead letters; `incident` is its id. Without an incident: a handler did not start.',
  },
  'ihandler.incident.forgotten': {
    schema: z.object({}),
    level: 'debug',
    description:
      'Stands where an incident stood that was forgotten by command (`ihandler forget`), so that every book still balances.',
  },
  'ihandler.sample.stored': {
    schema: z.object({
      sha256: z.string(),
      sha1: z.string(),
      md5: z.string(),
      size: z.int(),
      type: z.string(),
      file: z.string(),
      url: text,
      connection: connection.exactOptional(),
    }),
    level: 'message',
    description:
      'A captured file was kept that was not kept before; `file` is where, on the machine that reports it, `type` what its first bytes say.',
  },
} as const satisfies Family;
