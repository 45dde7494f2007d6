import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import {
  defineSource,
  describeError,
  IhandlerError,
  type Source,
  type SourceContext,
  temporary,
} from '@ihandler/core';
import { createThrottledLog, errorCode, readWholeFile } from '@ihandler/core/kit';
import { type AnswerContext, answer } from './answer.ts';
import { answerMalformed } from './answer-malformed.ts';
import { type Client, createClients } from './clients.ts';
import { type Connections, limitConnections } from './connections.ts';
import { MAX_LINE, type ReadLine } from './read-lines.ts';
import { createStreamGuard } from './stream-guard.ts';
import { createStreams } from './streams.ts';

/** How long running posts may take to finish once the source stops, in milliseconds. */
const GRACE = 1000;

/** The settings of a port. */
export interface HttpPortSettings<C extends Client> {
  /** The source's name. */
  readonly name: string;
  readonly host: string;
  /** 0 for any free port, which the log then names. */
  readonly port: number;
  /** The clients that may post: a single one without a token, or any number with one each. */
  readonly clients: readonly C[];
  /** The largest post, in bytes, uncompressed. */
  readonly maxBody: number;
  /** The longest accepted line, in bytes. @default 1 MiB */
  readonly maxLine?: number;
  /** Maximum number of open connections. */
  readonly maxConnections: number;
  /**
   * The sender cannot retry, and an error response harms it: every post of a valid client gets 2xx. What can never be
   * stored is kept in the rejects; what the journal does not accept is counted as lost. @default false
   */
  readonly neverRefuses?: boolean;
  /**
   * Clients choose the ids of their incidents. A stream then belongs to the client that began it, its ordinals must rise, and
   * an id stands for one incident. @default false
   */
  readonly clientsChooseIds?: boolean;
  /** PEM files for HTTPS. @default plain HTTP */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

/** What a line reader is made for: a client and a stream. */
export interface ReaderContext<C extends Client> {
  readonly client: C;
  /** The name of the host's sensor, for incidents and clients that name none. */
  readonly sensor: string;
  /** The stream of the client's incidents that arrive without an id, a random name. Each line gets an ordinal. */
  readonly stream: string;
  readonly context: SourceContext;
}

const limits = {
  // Disconnects slow clients: the headers must arrive within 5 seconds, the whole request within 10.
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
};

function openServer<C extends Client>({ tls }: HttpPortSettings<C>, listener: RequestListener): Server {
  if (tls === undefined) return createServer(limits, listener);
  try {
    const pem = { cert: readWholeFile(tls.cert), key: readWholeFile(tls.key) };
    return createSecureServer({ ...limits, ...pem, handshakeTimeout: limits.headersTimeout }, listener);
  } catch (cause) {
    const message = `cannot use the certificate and its key: ${describeError(cause)}. Check the options "tls.cert" and "tls.key".`;
    throw new IhandlerError('TARGET_UNREADABLE', message, { cause });
  }
}

/** Why a port cannot be opened, what to do, and whether the failure may be temporary. */
const reasons = new Map<string, readonly [reason: string, fix: string, isTemporary: boolean]>([
  ['EADDRINUSE', ['another program uses it', 'Stop that program, or choose another port.', true]],
  [
    'EACCES',
    ['this user may not listen there', 'Choose a port from 1024 on, or grant the permission.', false],
  ],
  ['EADDRNOTAVAIL', ['this machine does not have this address', 'Set "host" to one of its addresses.', true]],
  ['ENOTFOUND', ['unknown host name', 'Set "host" to an address of this machine.', true]],
  ['EAI_AGAIN', ['the host name cannot be resolved', 'Set "host" to an address of this machine.', true]],
]);

async function listen<C extends Client>(
  server: Server,
  { name, host, port }: HttpPortSettings<C>,
): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const [reason, fix, isTemporary] = reasons.get(errorCode(cause)) ?? [
      describeError(cause),
      'Choose another port.',
      false,
    ];
    const message = `${name}: cannot listen on port ${port} of ${host}: ${reason}. ${fix}`;
    // After a crash an outgoing connection may occupy the port for a moment, and an address may come up late.
    if (isTemporary) throw temporary(message, { cause });
    throw new IhandlerError('TARGET_UNREADABLE', message, { cause });
  }
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const cut = setTimeout(() => server.closeAllConnections(), GRACE);
  await closed;
  clearTimeout(cut);
}

/**
 * Makes a source that receives posts over HTTP. `createReader` makes the reader of their lines: one for each client that
 * posts, and one for each further stream when large posts of a client are read at the same time. A reader must return at
 * once. The port answers 204 when the whole post is durable, and 503 when that takes longer than 250 ms.
 *
 * The run rejects when the port cannot be opened: with a temporary error when it may be available later (another program
 * uses it), otherwise, and for an invalid certificate, with `TARGET_UNREADABLE`.
 */
export function createHttpPort<C extends Client>(
  settings: HttpPortSettings<C>,
  createReader: (readerContext: ReaderContext<C>) => ReadLine,
): Source {
  return defineSource({
    name: settings.name,
    async run(context) {
      const { signal, log, sensor } = context;
      const guard =
        settings.clientsChooseIds === true ? createStreamGuard(settings.clients, context) : undefined;
      const port: AnswerContext<C> = {
        context,
        clients: createClients(settings.clients),
        maxBody: settings.maxBody,
        maxLine: settings.maxLine ?? MAX_LINE,
        neverRefuses: settings.neverRefuses === true,
        streams: createStreams((client, stream) => createReader({ client, sensor, stream, context })),
        guard,
        recognise: (request) => connections.recognise(request),
        warnings: createThrottledLog(log.warn),
      };
      const server = openServer(settings, (request, response) => {
        connections.inTurn(request, () => answer(request, response, port));
      });
      server.on('checkContinue', (request, response) => {
        connections.inTurn(request, () => answer(request, response, port, () => response.writeContinue()));
      });
      server.on('clientError', answerMalformed);
      const connections: Connections = limitConnections(server, settings.maxConnections, port.warnings);
      // The port opens at once; posts wait for the guard.
      await Promise.all([listen(server, settings), guard]);
      // Safe: a server that listens on a port has an address that is not the name of a pipe.
      const address = server.address() as AddressInfo;
      server.on('error', (error) => log.error('server error', { error: describeError(error) }));
      log.info('listening for posts', {
        host: address.address,
        port: address.port,
        https: settings.tls !== undefined,
      });
      if (!signal.aborted) await once(signal, 'abort');
      await close(server);
      port.warnings.flush();
    },
  });
}
