import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';

const DESCRIPTORS = '/proc/self/fd';

function descriptors(): readonly string[] {
  try {
    return readdirSync(DESCRIPTORS);
  } catch {
    return []; // the folder exists on Linux only
  }
}

function pathOf(descriptor: string): string {
  try {
    return readlinkSync(join(DESCRIPTORS, descriptor));
  } catch {
    return ''; // closed since, like the descriptor of the listing itself
  }
}

/** The files in a folder that this process has open. Empty on systems other than Linux. */
export function openFiles(folder: string): readonly string[] {
  const inside = realpathSync(folder) + sep;
  return descriptors()
    .map(pathOf)
    .filter((path) => path.startsWith(inside))
    .map((path) => path.slice(inside.length));
}
