import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeError, IhandlerError } from '@ihandler/core';
import type { Settings } from '../configuration/configuration-schema.ts';
import { type HostStatus, healthProblems } from './host-status.ts';
import { createHostMetrics } from './metrics.ts';

/** Where health and metrics are to be had when nobody says. */
const HOST = '127.0.0.1';
const PORT = 9464;

/** Where the configuration wants health and metrics; undefined when it wants none. */
export function healthAddress({
  health,
}: Pick<Settings, 'health'>): { readonly host: string; readonly port: number } | undefined {
  if (health === 'off' || health === false) return undefined;
  return { host: health?.host ?? HOST, port: health?.port ?? PORT };
}

/** Answers `GET /health` and `GET /metrics`. */
export interface HealthServer {
  /** `http://127.0.0.1:9464`. */
  readonly url: string;
  close(): Promise<void>;
}

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

const json = (code: number, value: object): Answer => ({
  code,
  type: 'application/json',
  body: `${JSON.stringify(value)}\n`,
});

function health(status: HostStatus): Answer {
  const problems = healthProblems(status);
  const waiting = status.ihandlers.map(({ instance, state, waiting: count, oldestWaiting }) => ({
    instance,
    state,
    waiting: count,
    oldestWaitingSeconds: oldestWaiting === null ? 0 : Math.max(0, status.at - oldestWaiting) / 1000,
  }));
  return json(problems.length === 0 ? 200 : 503, {
    status: problems.length === 0 ? 'ok' : 'unhealthy',
    problems,
    ihandlers: waiting,
    sources: status.sources.map(({ instance, state }) => ({ instance, state })),
  });
}

/** Listens. Throws `TARGET_UNREADABLE` when it cannot, saying what to write in the configuration. */
export async function serveHealth(
  { host, port }: { readonly host: string; readonly port: number },
  status: () => Promise<HostStatus>,
): Promise<HealthServer> {
  const metrics = await createHostMetrics();

  async function answerTo({ method, url = '' }: IncomingMessage): Promise<Answer> {
    const path = url.replace(/\?.*$/s, '');
    if (path !== '/health' && path !== '/metrics')
      return json(404, { error: 'expected /health or /metrics' });
    if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'expected GET' });
    const now = await status();
    if (path === '/health') return health(now);
    return { code: 200, type: metrics.contentType, body: await metrics.text(now) };
  }

  function respond(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    answerTo(request)
      .catch((error: unknown) => json(500, { error: describeError(error) }))
      .then(({ code, type, body }) => {
        response.writeHead(code, {
          'content-type': type,
          'content-length': Buffer.byteLength(body),
          'cache-control': 'no-store',
          ...(code === 405 && { allow: 'GET, HEAD' }),
        });
        response.end(request.method === 'HEAD' ? undefined : body);
      })
      .catch(() => response.destroy()); // Whoever asked has gone.
  }

  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 10_000, keepAliveTimeout: 5000 },
    respond,
  );
  server.maxConnections = 100;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (cause) {
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `Health and metrics cannot be had at ${host}:${port}: ${describeError(cause)}. Name another port with "health: { port: … }" in the configuration, or write "health: off".`,
      { cause },
    );
  }
  server.on('error', () => undefined); // A connection that could not be accepted is told to whoever asks.
  // Safe: it listens on a host and port, not on a pipe.
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
