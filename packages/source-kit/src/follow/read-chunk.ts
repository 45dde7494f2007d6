import type { SourceContext } from '@ihandler/core';
import { isDamaged, withFileErrors } from './file-error.ts';
import { writingTime } from './log-file.ts';
import type { LocatedPart } from './search/locate.ts';

/** Reads the next bytes; damaged data counts as the end of the part, unless the file is still being written. */
export async function readChunk(
  { bytes, file }: Pick<LocatedPart, 'bytes' | 'file'>,
  { log, now }: Pick<SourceContext, 'log' | 'now'>,
): Promise<Buffer | 'end' | 'changed'> {
  try {
    return await withFileErrors(() => bytes.next());
  } catch (error) {
    if (!isDamaged(error)) throw error;
    const { mtimeMs } = await withFileErrors(() => file.handle.stat());
    if (Math.abs(now() - mtimeMs) < writingTime) throw error;
    log.error('compressed data is damaged: the lines after that position are lost', { file: file.path });
    return 'end';
  }
}
