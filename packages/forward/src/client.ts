import { readFileSync } from 'node:fs';
import { type Agent, type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { describeError, IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { Settings } from './options.ts';
import { PinnedAgent } from './pinned-agent.ts';

const compress = promisify(gzip);
/** As much of an answer as is read, in bytes. */
const READ = 64 * 1024;
/** What is shorter is not compressed. */
const SHORT = 500;

/** What the other one answered. */
export interface Answer {
  readonly status: number;
  /** The header Retry-After, as it is. */
  readonly retryAfter?: string;
  readonly text: string;
}

/** Posts to one address, in one connection that is kept. */
export interface Client {
  /** Resolves with whatever is answered; rejects when nothing is. */
  post(body: string, signal: AbortSignal): Promise<Answer>;
  close(): void;
}

/** The certificates of a PEM file; throws `OPTIONS_INVALID` when it cannot be read. */
function readCa(file: string): string {
  try {
    const pem = readFileSync(file, 'utf8');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  } catch (cause) {
    const message = `forward: "ca": ${file} cannot be read: ${describeError(cause)}. Name a PEM file with certificates.`;
    throw new IhandlerError('OPTIONS_INVALID', message, { cause });
  }
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `forward: "ca": ${file} holds no certificate. Name a PEM file with certificates.`,
  );
}

function agentFor({ url, ca, pin, timeout }: Settings): Agent {
  const kept = { keepAlive: true, maxSockets: 1, timeout };
  if (url.startsWith('http:')) return new PlainAgent(kept);
  if (pin !== undefined) return new PinnedAgent(pin, kept);
  return new SecureAgent(ca === undefined ? kept : { ...kept, ca: readCa(ca) });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > READ) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** An error of a connection that had been kept and was closed by the other end just now: nobody has read the post. */
class StaleError extends Error {}

/** Opens nothing yet. Throws `OPTIONS_INVALID` when the file of `ca` cannot be used. */
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
      const gzipped = body.length >= SHORT;
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
