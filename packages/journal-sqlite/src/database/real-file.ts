import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode } from '@ihandler/core/kit';

/** The file behind a path and its links, so that a journal has one lock by whatever name. It need not exist, its folder must. */
export function realFile(path: string): string {
  const file = resolve(path);
  try {
    return realpathSync(file);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return join(realpathSync(dirname(file)), basename(file));
  }
}
