import { realpathSync } from 'node:fs';
import { type FileWriter, fileWriters } from '@ihandler/core/kit';

/** The other processes that have a database open for writing. Undefined on a system that does not tell. */
export function otherWriters(file: string): readonly FileWriter[] | undefined {
  return fileWriters(new Set([realpathSync(file)]));
}
