import { z } from 'zod';
import type { Family } from '../../family.ts';
import { connection } from '../../values.ts';

/** The network printer. */
export const printerFamily = {
  'dionaea.modules.python.printer.print': {
    schema: z.object({ path: z.string(), connection }),
    level: 'message',
    description: 'A document was printed; `path` is the job on the sensor.',
    roles: { capture: { file: 'path' } },
  },
} as const satisfies Family;
