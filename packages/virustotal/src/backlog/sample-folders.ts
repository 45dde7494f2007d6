import { lstatSync, readdirSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';

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

/** Whether there is a regular file in one of the folders, by its name alone; whoever opens it looks closer. */
export function isHere(file: string, folders: readonly string[]): boolean {
  if (resolve(file) !== file || !folders.some((folder) => file.startsWith(folder + sep))) return false;
  try {
    return lstatSync(file, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}
