import { statfsSync } from 'node:fs';
import { formatBytes } from '@ihandler/core/kit';
import { journalFull } from './journal-failure.ts';

/** How many milliseconds the free space is cached. */
const CACHED_FOR = 1000;

/** The bytes that a user may still write in a folder; infinite where the file system does not say. */
export function freeBytesOf(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    // Without statfs, SQLITE_FULL reports a full disk.
    return Number.POSITIVE_INFINITY;
  }
}

/** Creates the check before an append. It throws `JOURNAL_FULL` while less than `minFree` bytes of the disk are free. */
export function createSpaceCheck(
  folder: string,
  minFree: number,
  freeBytes: (folder: string) => number,
): () => void {
  let checkedAt = Number.NEGATIVE_INFINITY;
  let free = Number.POSITIVE_INFINITY;
  return () => {
    const time = performance.now();
    if (time - checkedAt >= CACHED_FOR) {
      checkedAt = time;
      free = freeBytes(folder);
    }
    if (free < minFree)
      throw journalFull(
        `Journal full: ${folder} has ${formatBytes(free)} of free disk space, less than minFree (${formatBytes(minFree)}). ` +
          'Free disk space, or lower minFree. Sources wait, handlers continue, and no accepted incident is lost.',
      );
  };
}
