import type { Transform } from 'node:stream';
import zlib from 'node:zlib';

interface Unpacking {
  readonly createZstdDecompress?: (options: { readonly chunkSize: number }) => Transform;
}

const chunkSize = 256 * 1024;

/** Whether bytes begin as gzip data does (RFC 1952, 2.3.1). */
function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** Whether bytes begin as zstd data does (RFC 8878, 3.1.1). */
function isZstd(head: Uint8Array): boolean {
  return head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd;
}

/** Unpacks zstd; undefined before Node.js 22.15. */
// Safe: the types of Node.js 20 do not have the function, which is looked for before it is used.
const { createZstdDecompress } = zlib as unknown as Unpacking;

/** Whether bytes begin as compressed data that this Node.js can unpack: gzip, and zstd from Node.js 22.15 on. */
export function isPacked(head: Uint8Array): boolean {
  return isGzip(head) || (createZstdDecompress !== undefined && isZstd(head));
}

function createUnpacker(head: Uint8Array): Transform {
  if (!isGzip(head) && createZstdDecompress !== undefined) return createZstdDecompress({ chunkSize });
  return zlib.createGunzip({ chunkSize });
}

// Uncompressed data is at most 1032 times as large: pieces of this size limit the memory in use.
const piece = 16 * 1024;

/**
 * Uncompresses gzip or zstd data of any number of members. If the data is incomplete or damaged, it first yields all bytes before
 * that position, then throws zlib's error.
 */
export async function* unpack(compressed: AsyncIterable<Buffer>, head: Uint8Array): AsyncGenerator<Buffer> {
  const stream = createUnpacker(head);
  let ready: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => ready.push(chunk));
  const ended = new Promise<unknown>((resolve) => {
    stream.once('end', () => resolve(undefined)).once('error', resolve);
  });
  const written = (bytes: Buffer) =>
    Promise.race([new Promise<unknown>((resolve) => stream.write(bytes, resolve)), ended]);
  const take = () => {
    const chunks = ready;
    ready = [];
    return chunks;
  };
  try {
    for await (const chunk of compressed) {
      for (let at = 0; at < chunk.length; at += piece) {
        const failure = await written(chunk.subarray(at, at + piece));
        yield* take();
        if (failure) throw failure;
      }
    }
    stream.end();
    const failure = await ended;
    yield* take();
    if (failure) throw failure;
  } finally {
    stream.destroy();
  }
}
