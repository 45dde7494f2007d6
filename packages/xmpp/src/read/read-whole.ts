import { openSample } from '@ihandler/core/kit';

/** Reads a sample from an allowed folder, if it has at most `longest` bytes. Throws a permanent error. */
export async function readWhole(file: string, folders: readonly string[], longest: number): Promise<Buffer> {
  const sample = await openSample(file, folders);
  try {
    if (sample.size > longest)
      throw new Error(`Expected a sample of at most ${Math.floor(longest)} bytes, found ${sample.size}.`);
    const whole = Buffer.alloc(sample.size);
    let size = 0;
    while (size < whole.length) {
      const count = await sample.read(whole.subarray(size));
      if (count === 0) break;
      size += count;
    }
    await sample.assertUnchanged(size);
    return whole;
  } finally {
    await sample.close();
  }
}
