import { type Agent, type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { errorCode, readTls } from '@ihandler/core/kit';
import type { Settings } from './options.ts';
import { PinnedAgent } from './pinned-agent.ts';

const compress = promisify(gzip);
/** How much of a response is read, in bytes. */
const MAX_RESPONSE = 64 * 1024;
/** Posts with fewer characters are not compressed. */
const MIN_COMPRESSED = 500;

/** A response of the hub. */
export interface Answer {
  readonly status: number;
  /** The header Retry-After. */
  readonly retryAfter?: string;
  readonly text: string;
}

/** Posts to one URL, over one persistent connection. */
export interface Client {
  /** Resolves with any response; rejects when there is none. */
  post(body: string, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

function agentFor({ url, tls = {}, pin, timeout }: Settings): Agent {
  const options = { keepAlive: true, maxSockets: 1, timeout };
  if (url.startsWith('http:')) return new PlainAgent(options);
  const { rejectUnauthorized, ...certificates } = readTls(tls, 'forward');
  if (pin !== undefined) return new PinnedAgent(pin, { ...options, ...certificates });
  return new SecureAgent({ ...options, ...certificates, rejectUnauthorized });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_RESPONSE) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** An idle connection was closed by the hub while a post was sent: the hub has not read the post. */
class StaleError extends Error {}

/** Does not connect yet. Throws `OPTIONS_INVALID` when a file of `tls` cannot be used. */
export function createClient(settings: Settings): Client {
  const url = new URL(settings.url);
  const agent = agentFor(settings);
  const request = url.protocol === 'https:' ? secureRequest : plainRequest;

  function send(body: Uint8Array, gzipped: boolean, signal: AbortSignal): Promise<Answer> {
    const headers = {
      'content-type': 'application/x-ndjson',
      'content-length': body.length,
      ...(gzipped && { 'content-encoding': 'gzip' }),
      ...(settings.token !== undefined && { authorization: `Bearer ${settings.token}` }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', agent, headers, signal });
      const late = setTimeout(
        () => sent.destroy(new Error(`no answer within ${settings.timeout} ms`)),
        settings.timeout,
      );
      sent.on('close', () => clearTimeout(late));
      sent.on('error', (error) => {
        const code = errorCode(error);
        const isStale = sent.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
        reject(isStale ? new StaleError(error.message, { cause: error }) : error);
      });
      sent.on('response', (response) => {
        const { statusCode: status = 0, headers: received } = response;
        const retryAfter = received['retry-after'];
        textOf(response).then(
          (text) => resolve({ status, text, ...(retryAfter !== undefined && { retryAfter }) }),
          reject,
        );
      });
      sent.end(body);
    });
  }

  return {
    async post(body, signal) {
      const gzipped = body.length >= MIN_COMPRESSED;
      const bytes = gzipped ? await compress(body, { level: 1 }) : Buffer.from(body);
      try {
        return await send(bytes, gzipped, signal);
      } catch (error) {
        if (!(error instanceof StaleError)) throw error;
        return await send(bytes, gzipped, signal);
      }
    },
    close: () => agent.destroy(),
  };
}
