import { z } from 'zod';
import type { Family } from './family.ts';

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
} as const satisfies Family;
