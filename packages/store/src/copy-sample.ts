import { createHash, randomBytes } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { permanent } from '@ihandler/core';
import type { OpenSample } from '@ihandler/core/kit';
import { HEAD_SIZE, sampleType } from './sample-type.ts';

/** What one pass over a sample found out. Hashes are lower-case hexadecimal. */
export interface SampleFacts {
  readonly sha256: string;
  readonly sha1: string;
  readonly md5: string;
  /** In bytes. */
  readonly size: number;
  /** The media type that the first bytes say. */
  readonly type: string;
}

/** A copy that has no name of its own yet, and is not yet durable. */
export interface Draft extends SampleFacts {
  readonly path: string;
}

const PIECE = 256 * 1024;

/**
 * Copies a sample into a file of a random name in `folder`, and hashes it, in one streamed pass. Throws a permanent error
 * when the sample changes meanwhile or is larger than `maxFile`; what goes wrong with the copy is thrown as it is.
 */
export async function copySample(
  sample: OpenSample,
  path: string,
  { folder, maxFile }: { readonly folder: string; readonly maxFile: number },
): Promise<Draft> {
  if (sample.size > maxFile)
    throw permanent(
      `The sample ${JSON.stringify(path)} is not taken: expected at most ${maxFile} bytes, found ${sample.size}. Raise "maxFile" to keep it.`,
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
      // It grows while it is read: `assertUnchanged` says so.
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
