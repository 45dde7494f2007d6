import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where instances of @ihandler/store keep samples unless they are told otherwise: the folder `samples` in each folder of
 * `data`, the folder of the host.
 */
export function sampleFolders(data: string): readonly string[] {
  try {
    return readdirSync(data).map((instance) => join(data, instance, 'samples'));
  } catch {
    // Nothing is kept there that could be uploaded.
    return [];
  }
}
