import type { Incident } from '@ihandler/core';
import { z } from 'zod';

/** What a handler that stores samples, such as `@ihandler/store`, reports of a new one. */
export const STORED = 'ihandler.sample.stored';

const schema = z.object({
  sha256: z.string(),
  md5: z.string(),
  size: z.int(),
  type: z.string(),
  file: z.string(),
});

/** A stored sample, as far as it is read here. */
export type StoredSample = z.output<typeof schema>;

/**
 * Reads the data of {@link STORED}. Another package declares that origin, and where it is not installed nothing has checked
 * the data: undefined when it does not fit.
 */
export function readStoredSample({ data }: Pick<Incident, 'data'>): StoredSample | undefined {
  return schema.safeParse(data).data;
}
