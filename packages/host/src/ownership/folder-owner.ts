import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** The user and group that own a folder. */
export interface FolderOwner {
  readonly uid: number;
  readonly gid: number;
}

/** The status of a path, as far as the effective user may reach it. */
function reach(path: string): Stats | 'missing' | 'closed' {
  try {
    return statSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'closed';
  }
}

/** The nearest existing path around a path, or the path itself; undefined in a folder that may not be entered. */
function nearest(path: string): Stats | undefined {
  const found = reach(path);
  if (found === 'closed') return undefined;
  if (found !== 'missing') return found;
  return dirname(path) === path ? undefined : nearest(dirname(path));
}

/** The owner of a folder; of a missing one, that of the nearest folder around it. Undefined when it cannot be known. */
export function folderOwner(folder: string): FolderOwner | undefined {
  const found = nearest(folder);
  return found && { uid: found.uid, gid: found.gid };
}

const READ = 4;
const WRITE = 2;
const ENTER = 1;

/** Whether the mode grants the effective user all of `wanted`. `access` of the system asks for the real user instead. */
function grants({ uid, gid, mode }: Stats, wanted: number): boolean {
  const me = process.geteuid?.() ?? 0;
  if (me === 0) return true;
  const groups = [process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])];
  const shift = uid === me ? 6 : groups.includes(gid) ? 3 : 0;
  return ((mode >> shift) & wanted) === wanted;
}

/** Whether the effective user can read a file, or list a folder; true for a missing one. `isFollowed`: its folder, too. */
export function canRead(path: string, isFollowed = false): boolean {
  const found = reach(path);
  if (found === 'closed') return false;
  if (isFollowed && !canRead(dirname(path))) return false;
  return found === 'missing' || grants(found, found.isDirectory() ? READ | ENTER : READ);
}

/** Whether the effective user can write a file and create others beside it, or create it. */
export function canWrite(path: string): boolean {
  const found = reach(path);
  if (found === 'closed') return false;
  if (found !== 'missing' && found.isDirectory()) return grants(found, READ | WRITE | ENTER);
  const around = nearest(dirname(path));
  if (around === undefined || !grants(around, WRITE | ENTER)) return false;
  return found === 'missing' || grants(found, READ | WRITE);
}
