import { once } from 'node:events';
import { readFileSync } from 'node:fs';
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
import { errorCode } from '@ihandler/core/kit';
import { answer, type Desk } from './answer.ts';
import { answerMalformed } from './answer-malformed.ts';
import type { ReadLine } from './read-lines.ts';
import { createSeldom } from './seldom.ts';
import { createSenders, type Sender } from './senders.ts';
import { createStreams } from './streams.ts';

/** How long running posts may take to end once the source is told to stop, in milliseconds. */
const GRACE = 1000;

/** What a port is made of. */
export interface HttpPortSettings<S extends Sender> {
  /** The source's name. */
  readonly name: string;
  readonly host: string;
  /** 0 takes any that is free; the log says which. */
  readonly port: number;
  /** Who may post: one without a token, or any number with one each. */
  readonly senders: readonly S[];
  /** The largest post, in bytes, uncompressed. */
  readonly maxBody: number;
  readonly maxConnections: number;
  /** PEM files: with them it speaks HTTPS. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What a reader of lines needs to know. */
export interface Hearing<S extends Sender> {
  readonly sender: S;
  /** The name of the host's sensor, for incidents that do not say and senders that are not named. */
  readonly sensor: string;
  /** The stream of the sender's incidents that bring no id, a random name. Their ordinals are given with each line. */
  readonly stream: string;
  readonly context: SourceContext;
}

const limits = {
  // Slow clients are cut: headers within 5 seconds, all of a request within 10.
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
};

function openServer<S extends Sender>({ cert, key }: HttpPortSettings<S>, listener: RequestListener): Server {
  if (cert === undefined || key === undefined) return createServer(limits, listener);
  try {
    const pem = { cert: readFileSync(cert), key: readFileSync(key) };
    return createSecureServer({ ...limits, ...pem, handshakeTimeout: limits.headersTimeout }, listener);
  } catch (cause) {
    const message = `The certificate and its key cannot be used: ${describeError(cause)}. Check the options "cert" and "key".`;
    throw new IhandlerError('TARGET_UNREADABLE', message, { cause });
  }
}

/** Why a port cannot be had, what to do, and whether it may pass: a port that is taken for a moment, an address that comes up late. */
const reasons = new Map<string, readonly [found: string, todo: string, passes: boolean]>([
  ['EADDRINUSE', ['another program has it', 'Stop that, or choose another port.', true]],
  ['EACCES', ['this user may not listen there', 'Choose a port from 1024 on, or allow it.', false]],
  ['EADDRNOTAVAIL', ['this machine has no such address', 'Choose one of its own for "host".', true]],
  ['ENOTFOUND', ['there is no such host', 'Choose an address of this machine for "host".', true]],
  ['EAI_AGAIN', ['the name cannot be looked up', 'Choose an address of this machine for "host".', true]],
]);

async function listen<S extends Sender>(
  server: Server,
  { name, host, port }: HttpPortSettings<S>,
): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    const [found, todo, passes] = reasons.get(errorCode(cause)) ?? [
      describeError(cause),
      'Choose another port.',
      false,
    ];
    const message = `${name}: cannot listen on port ${port} of ${host}: ${found}. ${todo}`;
    // A host that was killed may find its port taken by an outgoing connection; it must not stay down for that.
    if (passes) throw temporary(message, { cause });
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

function deskOf<S extends Sender>(
  { senders, maxBody }: HttpPortSettings<S>,
  createReader: (hearing: Hearing<S>) => ReadLine,
  context: SourceContext,
): Desk<S> {
  const { log, sensor, now } = context;
  return {
    context,
    senders: createSenders(senders),
    maxBody,
    strangers: createSeldom(now, (count, detail) =>
      log.warn('posts without a valid token were refused', { count, ...detail }),
    ),
    failures: createSeldom(now, (count, detail) => log.warn('posts could not be kept', { count, ...detail })),
    unkept: createSeldom(now, (count, detail) =>
      log.warn('what was no incident could not be kept', { posts: count, ...detail }),
    ),
    streams: createStreams((sender, stream) => createReader({ sender, sensor, stream, context })),
  };
}

/**
 * A source that takes posts over HTTP, in whatever form `createReader` makes a reader of: called for each sender that
 * posts, and again for each further stream when large posts are read at the same time. The reader must answer at once. 204
 * is answered when all is durable, 503 when that takes longer than 250 ms. Its run rejects when the port cannot be had: with an
 * error that passes when it may be had later (another program has it), else, and for a certificate, with `TARGET_UNREADABLE`.
 */
export function createHttpPort<S extends Sender>(
  settings: HttpPortSettings<S>,
  createReader: (hearing: Hearing<S>) => ReadLine,
): Source {
  return defineSource({
    name: settings.name,
    async run(context) {
      const { signal, log } = context;
      const desk = deskOf(settings, createReader, context);
      const server = openServer(settings, (request, response) => {
        // It never rejects.
        void answer(request, response, desk);
      });
      server.on('checkContinue', (request, response) => {
        void answer(request, response, desk, () => response.writeContinue());
      });
      server.on('clientError', answerMalformed);
      server.maxConnections = settings.maxConnections;
      await listen(server, settings);
      // Safe: a server that listens on a port has an address that is no pipe's name.
      const { address, port } = server.address() as AddressInfo;
      server.on('error', (error) => log.error('has trouble with its port', { error: describeError(error) }));
      log.info('takes posts', { host: address, port, https: settings.cert !== undefined });
      if (!signal.aborted) await once(signal, 'abort');
      await close(server);
      desk.strangers.end();
      desk.failures.end();
      desk.unkept.end();
    },
  });
}
