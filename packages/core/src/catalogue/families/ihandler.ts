import { z } from 'zod';
import type { Family } from '../family.ts';

/** What the dispatcher itself reports. */
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
      'A handler failed on an incident, which is now in its dead letters; `incident` is its id. Without `incident`: a handler did not start.',
  },
  'ihandler.incident.forgotten': {
    schema: z.object({}),
    level: 'debug',
    description:
      'Stands in for an incident that `ihandler forget` removed, so that every delivery count still balances.',
  },
} as const satisfies Family;
