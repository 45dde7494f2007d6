import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { errorCode } from '../../contract/error.ts';
import { formatBytes } from '../format.ts';

/** The largest file that is read whole unless its reader says otherwise: certificates and settings have kilobytes. */
const LIMIT = 4 * 2 ** 20;

const CHUNK = 65_536;

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

/** Opens for reading. Does not wait for the writer of a pipe. */
function opened(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    // The system opens no socket as a file.
    if (errorCode(error) === 'ENXIO')
      throw new Error('expected a regular file; found a socket or a device', { cause: error });
    throw error;
  }
}

/**
 * Reads a file that settings name. Throws when it is not a regular file, so that a pipe or a device cannot hang the program,
 * and when it is larger than `limit` bytes (4 MiB).
 */
export function readWholeFile(file: string, limit = LIMIT): Buffer {
  const descriptor = opened(file);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error(`expected a regular file; found ${kindOf(stats)}`);
    const chunks: Buffer[] = [];
    // The size of a file in /proc is 0, and other files may grow.
    let size = 0;
    while (Math.max(size, stats.size) <= limit) {
      const chunk = Buffer.alloc(CHUNK);
      const read = readSync(descriptor, chunk);
      if (read === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, read));
      size += read;
    }
    throw new Error(`expected a file of at most ${formatBytes(limit)}; found a larger one`);
  } finally {
    closeSync(descriptor);
  }
}
