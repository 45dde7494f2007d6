import { createHash } from 'node:crypto';
import type { Incident } from '@ihandler/core';
import { openSample } from '@ihandler/core/kit';

/** A sample as it is published. */
export interface ReadSample {
  readonly sha512: string;
  /** Undefined when it is longer than asked for. */
  readonly contents: Buffer | undefined;
}

type Stored = Incident<'dionaea.download.complete.unique' | 'dionaea.download.complete.again'>;

/** Hashes the sample of an incident of this machine, in pieces, and keeps it when it has at most `longest` bytes. Throws a permanent error. */
export async function readSample(
  { data }: Stored,
  folders: readonly string[],
  longest: number,
): Promise<ReadSample> {
  const sample = await openSample(data.file, folders);
  try {
    const hash = createHash('sha512');
    const kept: Buffer[] = [];
    const buffer = Buffer.allocUnsafe(256 * 1024);
    let size = 0;
    for (let count = await sample.read(buffer); count > 0; count = await sample.read(buffer)) {
      const piece = Buffer.from(buffer.subarray(0, count));
      size += count;
      hash.update(piece);
      if (size <= longest) kept.push(piece);
    }
    await sample.assertUnchanged(size);
    return { sha512: hash.digest('hex'), contents: size <= longest ? Buffer.concat(kept) : undefined };
  } finally {
    await sample.close();
  }
}
