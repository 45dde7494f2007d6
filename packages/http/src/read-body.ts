import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { errorCode } from '@ihandler/core';
import { Refusal } from './refusal.ts';

const unzip = promisify(gunzip);

function tooLarge(limit: number): Refusal {
  return new Refusal(413, `Expected at most ${limit} bytes, uncompressed, in one post; found more.`);
}

/** All that a request brings; refuses what is larger. Rejects with something else when the client goes away. */
function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else reject(tooLarge(limit));
    });
    request.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(new Error('The client went away.')));
  });
}

/**
 * Reads the body of a request, uncompressed, of at most `limit` bytes: compressed, too. Throws a {@link Refusal} (413, 415,
 * or 400 for gzip data that is damaged), and anything else when the client goes away before its end.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new Refusal(415, 'Expected the content encoding gzip or none, found another.', {
      'accept-encoding': 'gzip',
    });
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const body = await collect(request, limit);
  if (encoding === 'identity') return body;
  try {
    return await unzip(body, { maxOutputLength: limit });
  } catch (error) {
    if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
    throw new Refusal(400, 'Expected gzip data, found what is none, is damaged or cut.');
  }
}

/**
 * Lets the rest of a request pass, for at most a second: a client that is still writing would not see the answer when the
 * connection closes under it. Tells whether the end came.
 */
export async function discardRest(request: IncomingMessage): Promise<boolean> {
  if (request.complete) return true;
  const over = new AbortController();
  const ended = new Promise<void>((resolve) => {
    request.once('end', resolve);
    request.once('close', resolve);
  });
  request.resume();
  // The abort of the wait is what ends it when the request came first.
  await Promise.race([ended, delay(1000, undefined, { signal: over.signal }).catch(() => undefined)]);
  over.abort();
  return request.complete;
}
