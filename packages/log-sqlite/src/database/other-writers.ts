import { realpathSync } from 'node:fs';
import { type FileWriter, fileWriters } from '@ihandler/core/kit';

/** The other processes that have a database open for writing; undefined where the system does not say. */
export function otherWriters(file: string): readonly FileWriter[] | undefined {
  return fileWriters(new Set([realpathSync(file)]));
}
