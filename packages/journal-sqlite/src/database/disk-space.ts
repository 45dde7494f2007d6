import { statfsSync } from 'node:fs';
import { journalFull } from './failure.ts';

/** How long an answer of the file system is believed, in milliseconds. */
const BELIEVED_FOR = 1000;

/** How many bytes a user may still write in a folder; infinite where the system does not say. */
export function freeBytesOf(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    // A file system that cannot tell is treated as one with room: SQLITE_FULL says it when there is none.
    return Number.POSITIVE_INFINITY;
  }
}

function readable(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

/** Makes the check before an append: throws `JOURNAL_FULL` while less than `minFree` bytes of the disk are free. */
export function createSpaceCheck(
  folder: string,
  minFree: number,
  freeBytes: (folder: string) => number,
): () => void {
  let askedAt = Number.NEGATIVE_INFINITY;
  let free = Number.POSITIVE_INFINITY;
  return () => {
    const time = performance.now();
    if (time - askedAt >= BELIEVED_FOR) {
      askedAt = time;
      free = freeBytes(folder);
    }
    if (free < minFree)
      throw journalFull(
        `The journal in ${folder} takes nothing at the moment: ${readable(free)} of that disk are free, and minFree is ${readable(minFree)}. ` +
          'Make room on it, or lower minFree; sources wait, handlers go on, nothing accepted is lost.',
      );
  };
}
