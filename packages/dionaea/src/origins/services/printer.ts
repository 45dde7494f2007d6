import { connection, type OriginDefinitions } from '@ihandler/core/origins';
import { z } from 'zod';

/** The network printer. */
export const printerFamily = {
  'dionaea.modules.python.printer.print': {
    schema: z.object({ path: z.string(), connection }),
    level: 'message',
    description: 'A document was printed; `path` is the job on the sensor.',
  },
} as const satisfies OriginDefinitions;
