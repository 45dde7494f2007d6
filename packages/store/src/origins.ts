// The module that is augmented must be imported.
import type {} from '@ihandler/core';
import { connection, type DataOf, defineOrigins, text } from '@ihandler/core/origins';
import { z } from 'zod';

/** The origins that this package adds: the schema of their data, their level and what they mean. */
export const origins = defineOrigins({
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
    level: 'info',
    description:
      'A captured file was stored for the first time. `size` is in bytes, `type` is the media type by its first bytes, and `file` is its path on the machine that reports it.',
  },
});

/** The data of `ihandler.sample.stored`. */
export type StoredSample = DataOf<(typeof origins)['ihandler.sample.stored']['schema']>;

declare module '@ihandler/core' {
  interface IncidentMap {
    'ihandler.sample.stored': StoredSample;
  }
}
