import { describeError } from '@ihandler/core';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';

/** The largest response to read, in bytes. Reports are much smaller. */
const LARGEST_RESPONSE = 16 * 2 ** 20;

/** A request. Its URL may contain the key, so it is never logged. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | AsyncIterable<Uint8Array>;
  /** The longest time for the whole request, in milliseconds. */
  readonly timeout: number;
}

/** A response of any status. */
export interface HttpResponse {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly text: string;
}

/** The response is missing or incomplete. The request may have arrived. */
export class NoResponse extends Error {
  override readonly name = 'NoResponse';
}

/** Sends requests with the key over persistent connections. Follows no redirects. */
export interface HttpClient {
  /** Throws {@link NoResponse}. */
  send(request: HttpRequest): Promise<HttpResponse>;
  /** Aborts running requests and closes all connections. */
  close(): Promise<void>;
}

async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    // Safe: a body without an encoding consists of bytes.
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > LARGEST_RESPONSE) throw new Error(`the response is larger than ${LARGEST_RESPONSE} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function firstOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

/** Creates a client. Sends `key` in the header `x-apikey` and never shows it. */
export function createHttpClient(key: string, proxy?: string): HttpClient {
  const options = { connections: 2, connect: { timeout: 30_000 }, keepAliveTimeout: 30_000 };
  const dispatcher = proxy === undefined ? new Agent(options) : new ProxyAgent({ ...options, uri: proxy });
  const running = new Set<AbortController>();

  return {
    async send({ method, url, headers, body, timeout }) {
      const ending = new AbortController();
      running.add(ending);
      // Covers cases without another limit, such as a proxy that accepts the connection and never responds.
      const timer = setTimeout(() => ending.abort(new Error(`no response in ${timeout / 1000} s`)), timeout);
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
        throw new NoResponse(describeError(error).replaceAll(key, '<key>'));
      } finally {
        clearTimeout(timer);
        running.delete(ending);
      }
    },
    async close() {
      for (const ending of running) ending.abort(new Error('the program stops'));
      await dispatcher.destroy();
    },
  };
}
