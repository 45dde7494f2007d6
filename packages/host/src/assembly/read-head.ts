import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';

/** The number of bytes by which a source recognises a file. */
const HEAD = 64 * 1024;

function withoutNulls(bytes: Buffer): Buffer {
  let at = 0;
  while (bytes[at] === 0) at += 1;
  return bytes.subarray(at);
}

async function firstBytes(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      const text = length === 0 ? withoutNulls(chunk) : chunk;
      chunks.push(text);
      length += text.length;
      if (length >= HEAD) break;
    }
  } catch (error) {
    // The beginning of a truncated gzip file is enough: its source reports the truncation.
    if (length === 0) throw error;
  }
  return Buffer.concat(chunks).subarray(0, HEAD);
}

/**
 * The first 64 KiB of a regular file, uncompressed when it is gzipped. It looks past NUL bytes at the beginning, which a
 * truncation under a writer leaves, as many as the file had bytes.
 */
export async function readHead(file: string): Promise<Uint8Array> {
  const raw = await firstBytes(createReadStream(file));
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return raw;
  const compressed = createReadStream(file);
  const unzipped = createGunzip();
  // pipe() does not forward errors.
  compressed.on('error', (error) => unzipped.destroy(error));
  try {
    return await firstBytes(compressed.pipe(unzipped));
  } finally {
    compressed.destroy();
  }
}
