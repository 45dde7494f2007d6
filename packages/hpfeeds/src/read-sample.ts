import { createHash } from 'node:crypto';
import type { Incident } from '@ihandler/core';
import { openSample } from '@ihandler/core/kit';

/** A sample that was read. */
export interface ReadSample {
  readonly sha512: string;
  /** Undefined when the sample is larger than requested. */
  readonly contents: Buffer | undefined;
}

type Stored = Incident<'dionaea.download.complete.unique' | 'dionaea.download.complete.again'>;

/**
 * Hashes the sample of a local incident in pieces, and returns its contents when it has at most `maxContents` bytes. Throws
 * a permanent error when it cannot be read.
 */
export async function readSample(
  { data }: Stored,
  folders: readonly string[],
  maxContents: number,
): Promise<ReadSample> {
  const sample = await openSample(data.file, folders);
  try {
    const hash = createHash('sha512');
    const pieces: Buffer[] = [];
    const buffer = Buffer.allocUnsafe(256 * 1024);
    let size = 0;
    for (let count = await sample.read(buffer); count > 0; count = await sample.read(buffer)) {
      const piece = Buffer.from(buffer.subarray(0, count));
      size += count;
      hash.update(piece);
      if (size <= maxContents) pieces.push(piece);
    }
    await sample.assertUnchanged(size);
    return { sha512: hash.digest('hex'), contents: size <= maxContents ? Buffer.concat(pieces) : undefined };
  } finally {
    await sample.close();
  }
}
