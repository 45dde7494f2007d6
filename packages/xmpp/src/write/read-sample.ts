import { permanent } from '@ihandler/core';
import { openSample } from '@ihandler/core/kit';

/** Reads a sample from an allowed folder. Throws a permanent error when it cannot be read or has more than `maxSize` bytes. */
export async function readSample(file: string, folders: readonly string[], maxSize: number): Promise<Buffer> {
  const sample = await openSample(file, folders);
  try {
    if (sample.size > maxSize)
      throw permanent(`Expected a sample of at most ${Math.floor(maxSize)} bytes, found ${sample.size}.`);
    const contents = Buffer.alloc(sample.size);
    let size = 0;
    while (size < contents.length) {
      const count = await sample.read(contents.subarray(size));
      if (count === 0) break;
      size += count;
    }
    await sample.assertUnchanged(size);
    return contents;
  } finally {
    await sample.close();
  }
}
