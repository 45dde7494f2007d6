import { open, stat } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import { isDatabaseHead } from '../database/target-file.ts';
import { isGzipHead } from './readable-database.ts';

const ENOUGH = 65_536;

async function readStart(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(ENOUGH), 0, ENOUGH, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function isDatabase(start: Buffer): boolean {
  if (!isGzipHead(start)) return start.length === 0 || isDatabaseHead(start);
  return isDatabaseHead(gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 30 }));
}

/** Whether a target that does not exist, or is unreadable, was meant as a file. */
function looksLikePath(target: string): boolean {
  return !/^[a-z][a-z0-9+.-]*:\/\//i.test(target) && /[./\\]/.test(target);
}

/** Whether a target is a SQLite database, gzipped or not. Also accepts what looks like a path, so that opening it can explain the error. */
export async function acceptsTarget(target: string): Promise<boolean> {
  try {
    if (!(await stat(target)).isFile()) return looksLikePath(target);
    return isDatabase(await readStart(target));
  } catch {
    // Missing, forbidden or damaged: opening it explains the error.
    return looksLikePath(target);
  }
}
