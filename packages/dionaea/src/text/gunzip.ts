import { createGunzip } from 'node:zlib';

/** Whether bytes begin as gzip data does (RFC 1952, 2.3.1). */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

// Uncompressed data is at most 1032 times as large: pieces of this size limit the memory in use.
const piece = 16 * 1024;

/**
 * Uncompresses gzip data of any number of members. If the data is incomplete or damaged, it first yields all bytes before
 * that position, then throws zlib's error.
 */
export async function* gunzip(compressed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const stream = createGunzip({ chunkSize: 256 * 1024 });
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
