import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

const DESCRIPTORS = '/proc/self/fd';

function descriptors(): readonly string[] {
  try {
    return readdirSync(DESCRIPTORS);
  } catch {
    return []; // there is no such folder where this is not Linux
  }
}

function pathOf(descriptor: string): string {
  try {
    return readlinkSync(join(DESCRIPTORS, descriptor));
  } catch {
    return ''; // closed meanwhile: the listing itself was one of them
  }
}

/** The files in a folder that this process has open; none where the system does not tell, as Linux does. */
export function openFiles(folder: string): readonly string[] {
  const inside = realpathSync(folder) + sep;
  return descriptors()
    .map(pathOf)
    .filter((path) => path.startsWith(inside))
    .map((path) => path.slice(inside.length));
}
