import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** The system follows this many symbolic links in a row. */
const LINKS = 40;

/** The path behind symbolic links, also of a file that does not exist yet: two names of one file have the same. */
export function realPath(path: string, links = LINKS): string {
  try {
    return realpathSync(path);
  } catch {
    if (dirname(path) === path || links === 0) return path;
  }
  try {
    if (lstatSync(path).isSymbolicLink())
      return realPath(resolve(dirname(path), readlinkSync(path)), links - 1);
  } catch {
    // It does not exist yet.
  }
  return join(realPath(dirname(path), links), basename(path));
}
