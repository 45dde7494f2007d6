import { createHash, randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { permanent } from '@ihandler/core';
import type { openSample } from '@ihandler/core/kit';
import { HEAD_SIZE, sampleType } from './sample-type.ts';

/** The facts that one pass over a sample yields. Hashes are lower-case hexadecimal. */
export interface SampleFacts {
  readonly sha256: string;
  readonly sha1: string;
  readonly md5: string;
  /** In bytes. */
  readonly size: number;
  /** The media type, detected from the first bytes. */
  readonly type: string;
}

/** A copy under a temporary name, not yet durable. */
export interface Draft extends SampleFacts {
  readonly path: string;
}

const PIECE = 256 * 1024;

/**
 * Copies a sample into a file with a random name in `folder` and hashes it, in one streamed pass. Throws a permanent error
 * when the sample changes meanwhile or is larger than `maxSampleSize` (bytes). An error of writing the copy is thrown as is.
 */
export async function copySample(
  sample: Awaited<ReturnType<typeof openSample>>,
  path: string,
  { folder, maxSampleSize }: { readonly folder: string; readonly maxSampleSize: number },
): Promise<Draft> {
  if (sample.size > maxSampleSize)
    throw permanent(
      `Sample ${JSON.stringify(path)} rejected: expected at most ${maxSampleSize} bytes, found ${sample.size}. Raise "maxSampleSize" to store it.`,
    );
  const draft = join(folder, randomBytes(12).toString('hex'));
  const hashes = { sha256: createHash('sha256'), sha1: createHash('sha1'), md5: createHash('md5') };
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, sample.size + 1));
  let head = Buffer.alloc(0);
  let size = 0;
  const target = await open(draft, 'wx', 0o600);
  try {
    for (;;) {
      const count = await sample.read(buffer);
      if (count === 0) break;
      const piece = buffer.subarray(0, count);
      size += count;
      // The file grows while it is read; `assertUnchanged` throws for it.
      if (size > sample.size) break;
      if (head.length < HEAD_SIZE) head = Buffer.concat([head, piece]).subarray(0, HEAD_SIZE);
      for (const hash of Object.values(hashes)) hash.update(piece);
      await target.writeFile(piece);
    }
    await sample.assertUnchanged(size);
    return {
      path: draft,
      sha256: hashes.sha256.digest('hex'),
      sha1: hashes.sha1.digest('hex'),
      md5: hashes.md5.digest('hex'),
      size,
      type: await sampleType(head, size),
    };
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await target.close();
  }
}
