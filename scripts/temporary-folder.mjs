// Where tests keep their files.
import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Linux keeps this one in memory. */
const MEMORY = '/dev/shm';

/** More than all tests together need at a time, in bytes. */
const ROOM = 4 * 2 ** 30;

/** Whether programs and libraries may be started from a folder that something is mounted on. */
function mayExecute(folder) {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  const [, , , options = 'noexec'] = mounts.findLast(([, where]) => where === folder) ?? [];
  return !options.split(',').includes('noexec');
}

/**
 * The folder for temporary files: the one that TMPDIR names, or one in memory where there is one with room, or the system's.
 * A process that is killed loses nothing of what it has written there, as on a disk; and nobody waits for a disk. What is
 * about the disk itself has its files elsewhere.
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
