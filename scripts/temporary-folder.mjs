// Where tests keep their files.
import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Linux keeps this one in memory. */
const MEMORY = '/dev/shm';

/** More than all tests need at the same time, in bytes. */
const ROOM = 4 * 2 ** 30;

/** Whether the mount point of a folder allows programs and libraries to run from it. */
function mayExecute(folder) {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const [, , , options = 'noexec'] = mounts.findLast(([, where]) => where === folder) ?? [];
  return !options.split(',').includes('noexec');
}

/**
 * The folder for temporary files: TMPDIR, or a folder in memory with enough room, or the folder of the system. A killed process
 * loses none of its writes in memory, as on a disk, and memory is faster. Tests of the disk itself use another folder.
 */
export function temporaryFolder() {
  if (process.env.TMPDIR) return tmpdir();
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize >= ROOM && mayExecute(MEMORY) ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
