import { describeError } from '@ihandler/core';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';

/** Larger answers are not read: no report of a file is nearly as large. */
const LARGEST_ANSWER = 16 * 2 ** 20;

/** A request. Its address is never shown: it may hold the key. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | AsyncIterable<Uint8Array>;
  /** How long all of it may take, in milliseconds. */
  readonly timeout: number;
}

/** An answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** There was no whole answer: nobody knows whether the request has arrived. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

/** Sends requests with the key, over connections that are used again. Follows no redirect. */
export interface HttpClient {
  /** Throws {@link NoAnswer}. */
  send(request: HttpRequest): Promise<HttpAnswer>;
  /** Ends what is under way. */
  close(): Promise<void>;
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    // Safe: without an encoding a body consists of bytes.
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > LARGEST_ANSWER) throw new Error(`the answer is larger than ${LARGEST_ANSWER} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function firstOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

/** Makes one. `key` goes into the header `x-apikey` and into no message. */
export function createHttpClient(key: string, proxy?: string): HttpClient {
  const options = { connections: 2, connect: { timeout: 30_000 }, keepAliveTimeout: 30_000 };
  const dispatcher = proxy === undefined ? new Agent(options) : new ProxyAgent({ ...options, uri: proxy });
  const underWay = new Set<AbortController>();

  return {
    async send({ method, url, headers, body, timeout }) {
      const ending = new AbortController();
      underWay.add(ending);
      // Also for what no other limit covers, such as a proxy that accepts and says nothing.
      const timer = setTimeout(() => ending.abort(new Error(`no answer in ${timeout / 1000} s`)), timeout);
      timer.unref();
      try {
        const address = new URL(url);
        const response = await dispatcher.request({
          origin: address.origin,
          path: address.pathname + address.search,
          method,
          headers: { 'x-apikey': key, accept: 'application/json', ...headers },
          // Safe: undici sends any iterable of bytes; its types name only some of them.
          body: (body ?? null) as string | null,
          headersTimeout: timeout,
          bodyTimeout: timeout,
          signal: ending.signal,
        });
        return {
          status: response.statusCode,
          retryAfter: firstOf(response.headers['retry-after']),
          text: await readText(response.body),
        };
      } catch (error) {
        throw new NoAnswer(describeError(error).replaceAll(key, '<key>'));
      } finally {
        clearTimeout(timer);
        underWay.delete(ending);
      }
    },
    async close() {
      for (const ending of underWay) ending.abort(new Error('the program ends'));
      await dispatcher.destroy();
    },
  };
}
