import { lstatSync, readdirSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';

/**
 * The default folders of `@ihandler/store`: the folder `samples` in the data folder of each instance. `data` is the data
 * folder of the host.
 */
export function storeFolders(data: string): readonly string[] {
  try {
    return readdirSync(data).map((instance) => join(data, instance, 'samples'));
  } catch {
    // The folder is not readable, so nothing can be uploaded.
    return [];
  }
}

/** Whether `file` is a regular file below one of the folders, judged by its path only. `openUpload` checks it properly. */
export function isHere(file: string, folders: readonly string[]): boolean {
  if (resolve(file) !== file || !folders.some((folder) => file.startsWith(folder + sep))) return false;
  try {
    return lstatSync(file, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false;
  }
}
