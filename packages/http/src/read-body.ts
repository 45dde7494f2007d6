import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { errorCode } from '@ihandler/core/kit';
import { Refusal } from './refusal.ts';

/** `x-gzip` is an old name of `gzip`. */
const encodings = new Set(['identity', 'gzip', 'x-gzip']);

const unzip = promisify(gunzip);

function tooLarge(limit: number): Refusal {
  return new Refusal(413, `Expected at most ${limit} bytes, uncompressed, in one post; found more.`);
}

/** Reads a whole body; refuses one larger than `limit`. Rejects with another error when the client disconnects. */
function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // One buffer, not a list of chunks: a client may send millions of chunks of one byte.
    let body = Buffer.alloc(0);
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      const end = size + chunk.length;
      if (end > limit) {
        reject(tooLarge(limit));
        return;
      }
      if (end > body.length) {
        const larger = Buffer.alloc(Math.min(limit, Math.max(end, 2 * body.length)));
        body.copy(larger, 0, 0, size);
        body = larger;
      }
      chunk.copy(body, size);
      size = end;
    });
    request.on('end', () => resolve(body.subarray(0, size)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('the client disconnected')));
  });
}

/**
 * Reads and uncompresses the body of a request: at most `limit` bytes, compressed and uncompressed. Calls `sendContinue`
 * before it reads the first byte. Throws a {@link Refusal} (413, 415, or 400 for damaged gzip data), and another error when
 * the client disconnects early.
 */
export async function readBody(
  request: IncomingMessage,
  limit: number,
  sendContinue: () => void,
): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (!encodings.has(encoding))
    throw new Refusal(415, 'Expected the content encoding gzip or none, found another.', {
      'accept-encoding': 'gzip',
    });
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  sendContinue();
  const body = await collect(request, limit);
  if (encoding === 'identity') return body;
  try {
    return await unzip(body, { maxOutputLength: limit });
  } catch (error) {
    if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
    throw new Refusal(400, 'Expected gzip data, found damaged or incomplete data.');
  }
}

/**
 * Reads and drops the rest of a request for at most one second: a client that is still writing would not see the response
 * when the connection closes. Returns whether the request ended.
 */
export async function discardRest(request: IncomingMessage): Promise<boolean> {
  if (request.complete) return true;
  const over = new AbortController();
  const ended = new Promise<void>((resolve) => {
    request.once('end', resolve);
    request.once('close', resolve);
  });
  request.resume();
  // Aborting the delay rejects it; that is expected when the request ends first.
  await Promise.race([ended, delay(1000, undefined, { signal: over.signal }).catch(() => undefined)]);
  over.abort();
  return request.complete;
}
