import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { errorCode } from '@ihandler/core/kit';

/** Resolves the links of a path, so that a journal has one lock under all its names. The folder must exist, the file need not. */
export function realFile(path: string): string {
  const file = resolve(path);
  try {
    return realpathSync(file);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return join(realpathSync(dirname(file)), basename(file));
  }
}
