import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

/** How much of a file its source is recognised by, in bytes. */
const HEAD = 64 * 1024;

async function firstBytes(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= HEAD) break;
    }
  } catch (error) {
    // A gzip file that is cut short still begins with something: its source tells what is wrong where it ends.
    if (length === 0) throw error;
  }
  return Buffer.concat(chunks).subarray(0, HEAD);
}

/** The first 64 KiB of a regular file, uncompressed when it is gzipped. */
export async function readHead(file: string): Promise<Uint8Array> {
  const raw = await firstBytes(createReadStream(file, { end: HEAD - 1 }));
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return raw;
  const compressed = createReadStream(file);
  const unzipped = createGunzip();
  // pipe passes on no errors, and a file that fails here has been read a moment ago.
  compressed.on('error', (error) => unzipped.destroy(error));
  try {
    return await firstBytes(compressed.pipe(unzipped));
  } finally {
    compressed.destroy();
  }
}
