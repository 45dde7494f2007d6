import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeError, IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { Settings } from '../configuration/configuration-schema.ts';
import { endpointText } from '../diagnosis/endpoint-text.ts';
import { type HostStatus, problemsOf, type StatusProblem } from './host-status.ts';
import { createHostMetrics } from './metrics.ts';
import { isTrustedHost } from './trusted-host.ts';

/** The default address of health and metrics. */
const HOST = '127.0.0.1';
const PORT = 9464;

/** Where health and metrics listen. */
export interface HealthAddress {
  readonly host: string;
  readonly port: number;
  /** Names of this server in requests, besides addresses, `localhost` and the name of the machine. */
  readonly names?: readonly string[];
}

/** The address of health and metrics in a configuration; undefined when they are off. */
export function healthAddress({ health }: Pick<Settings, 'health'>): HealthAddress | undefined {
  if (health === 'off' || health === false) return undefined;
  return {
    host: health?.host ?? HOST,
    port: health?.port ?? PORT,
    ...(health?.names && { names: health.names }),
  };
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
  const found = problemsOf(status);
  const describe = (isWanted: (kind: StatusProblem['kind']) => boolean) =>
    found.filter(({ kind }) => isWanted(kind)).map(({ about, problem }) => `${about}: ${problem}`);
  const problems = describe((kind) => kind === 'unhealthy');
  const attention = describe((kind) => kind !== 'unhealthy');
  const ihandlers = status.ihandlers.map(({ instance, state, pending, oldestPending }) => ({
    instance,
    state,
    pending,
    oldestPendingSeconds: oldestPending === null ? 0 : Math.max(0, status.at - oldestPending) / 1000,
  }));
  return json(problems.length === 0 ? 200 : 503, {
    status: problems.length === 0 ? 'ok' : 'unhealthy',
    problems,
    // A restart does not help, so these do not make the host unhealthy.
    attention,
    ihandlers,
    sources: status.sources.map(({ instance, state }) => ({ instance, state })),
  });
}

/** Serves health and metrics. Throws `TARGET_UNREADABLE` when it cannot listen, saying what to configure. */
export async function serveHealth(
  { host, port, names = [] }: HealthAddress,
  status: () => Promise<HostStatus>,
): Promise<HealthServer> {
  const metrics = createHostMetrics();

  async function answerTo({ method, url = '', headers }: IncomingMessage): Promise<Answer> {
    if (!isTrustedHost(headers.host, names))
      return json(421, {
        error: 'unknown host name in the request: add it to "names" of the setting "health"',
      });
    const path = url.replace(/\?.*$/s, '');
    if (path !== '/health' && path !== '/metrics')
      return json(404, { error: 'expected /health or /metrics' });
    if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'expected GET' });
    const now = await status();
    if (path === '/health') return health(now);
    return { code: 200, type: metrics.contentType, body: metrics.text(now) };
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
      .catch(() => response.destroy()); // The client has disconnected.
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
    const reason = errorCode(cause) === 'EADDRINUSE' ? 'another program is using it' : describeError(cause);
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `Cannot open the health port ${endpointText({ host, port })}: ${reason}. Set "health: { port: … }" to another port, or "health: off".`,
      { cause },
    );
  }
  server.on('error', () => undefined); // A client sees by itself that its connection was not accepted.
  // Safe: it listens on a host and port, not on a pipe.
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${endpointText({ host, port: actual })}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
