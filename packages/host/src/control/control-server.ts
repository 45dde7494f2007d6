import { createServer, type Server, type Socket } from 'node:net';
import { describeError, IhandlerError, isIhandlerError } from '@ihandler/core';
import { takeControlAddress } from './control-address.ts';
import { callControl } from './control-client.ts';
import { onJsonLine } from './json-lines.ts';

/** The longest request, in characters: a list of positions of dead letters is the longest there is. */
const LONGEST_REQUEST = 4 << 20;

/**
 * What a running process does when asked. `params` is JSON that somebody sent, not yet checked; `say` tells the one who
 * asks how far it is; `signal` aborts when nobody waits for the answer any more. The answer is to be JSON.
 */
export type ControlMethod = (
  params: unknown,
  say: (progress: unknown) => void,
  signal: AbortSignal,
) => Promise<unknown>;

/** What asks can ask, by name. */
export type ControlMethods = Readonly<Record<string, ControlMethod>>;

/** A process that answers others of the same user. */
export interface ControlServer {
  /** Stops listening, ends what is being asked, and removes the address. */
  close(): Promise<void>;
}

function methodOf(methods: ControlMethods, request: unknown): readonly [ControlMethod, unknown] {
  const { method, params } =
    typeof request === 'object' && request !== null
      ? { method: undefined, params: undefined, ...request }
      : { method: undefined, params: undefined };
  const own = typeof method === 'string' && Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (own !== undefined) return [own, params];
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `The ihandler that runs does not know how to ${String(method).slice(0, 40)}: is it of another version? Restart it.`,
  );
}

function asError(error: unknown): object {
  return isIhandlerError(error)
    ? { code: error.code, message: error.message }
    : { message: describeError(error) };
}

function serve(socket: Socket, methods: ControlMethods): void {
  const gone = new AbortController();
  let isAsked = false;
  const send = (answer: object) => {
    if (socket.writable) socket.write(`${JSON.stringify(answer)}\n`);
  };
  socket.on('error', () => gone.abort());
  socket.on('close', () => gone.abort());
  onJsonLine(socket, LONGEST_REQUEST, (request) => {
    // One question a connection: what comes after it is from nobody who knows us.
    if (isAsked) return void socket.destroy();
    isAsked = true;
    answer(request)
      .then(send)
      .catch((error: unknown) => send({ error: asError(error) })) // an answer that is no JSON
      .finally(() => socket.end());
  });

  async function answer(request: unknown): Promise<object> {
    try {
      const [method, params] = methodOf(methods, request);
      const result = await method(params, (progress) => send({ progress }), gone.signal);
      return { result: result ?? null };
    } catch (error) {
      return { error: asError(error) };
    }
  }
}

/** Listens so that from its first moment nobody but this user may connect. */
async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The socket is made within the call, so nothing else is made with this mask.
    const mask = process.umask(0o077);
    try {
      server.listen({ path }, resolve);
    } finally {
      process.umask(mask);
    }
  });
}

/**
 * Answers what other processes of this user (and of root) ask with {@link callControl} about a data folder, until it is
 * closed. Throws `JOURNAL_BUSY` when another process does so already; the socket of a killed one is replaced.
 */
export async function serveControl(dataDir: string, methods: ControlMethods): Promise<ControlServer> {
  const other = await callControl(dataDir, 'pid', {}, { timeout: 2000 });
  if (other !== undefined)
    throw new IhandlerError(
      'JOURNAL_BUSY',
      `Another ihandler (process ${String(other)}) runs on the data folder ${dataDir}: stop it first, or name another folder with "data:".`,
    );
  const address = takeControlAddress(dataDir);
  const sockets = new Set<Socket>();
  const all: ControlMethods = { pid: async () => process.pid, ...methods };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, all);
  });
  try {
    await listen(server, address.path);
    address.protect();
  } catch (cause) {
    server.close();
    address.remove();
    throw new IhandlerError(
      'TARGET_UNREADABLE',
      `Commands such as status cannot reach this process: ${address.path} cannot be listened on: ${describeError(cause)}`,
      { cause },
    );
  }
  server.unref();
  server.on('error', () => undefined); // A connection that could not be accepted: whoever asked sees it.
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroySoon();
      await closed;
      address.remove();
    },
  };
}
