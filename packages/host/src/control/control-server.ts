import { createServer, type Server, type Socket } from 'node:net';
import { describeError, IhandlerError, isIhandlerError } from '@ihandler/core';
import { takeControlAddress } from './control-address.ts';
import { callControl } from './control-client.ts';
import { onJsonLine } from './message-lines.ts';

/** The longest request, in characters: a list of positions of dead letters may be long. */
const LONGEST_REQUEST = 4 << 20;

/**
 * A method of a running process. `params` is JSON from the client, not validated yet; `say` sends progress to the client;
 * `signal` aborts when the client has disconnected. The answer must be JSON.
 */
export type ControlMethod = (
  params: unknown,
  say: (progress: unknown) => void,
  signal: AbortSignal,
) => Promise<unknown>;

/** The methods by name. */
export type ControlMethods = Readonly<Record<string, ControlMethod>>;

/** Answers other processes of the same user. */
export interface ControlServer {
  /** Stops listening, cancels running calls, and removes the address. */
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
    `The running ihandler does not know the request ${String(method).slice(0, 40)}. Is it another version? Restart it.`,
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
    // One request a connection: a second one does not follow the protocol.
    if (isAsked) return void socket.destroy();
    isAsked = true;
    answer(request)
      .then(send)
      .catch((error: unknown) => send({ error: asError(error) })) // an answer that is not JSON
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

/** Listens so that only this user can connect, from the first moment on. */
async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // The socket is created within the call, so nothing else gets this mask.
    const mask = process.umask(0o077);
    try {
      server.listen({ path }, resolve);
    } finally {
      process.umask(mask);
    }
  });
}

/**
 * Answers the calls of other processes of this user (and of root) on a data folder, until it is closed. Throws
 * `JOURNAL_BUSY` when another process already does; replaces the socket of a killed one.
 */
export async function serveControl(dataDir: string, methods: ControlMethods): Promise<ControlServer> {
  const other = await callControl(dataDir, 'pid', {}, { timeout: 2000 });
  if (other !== undefined)
    throw new IhandlerError(
      'JOURNAL_BUSY',
      `Another ihandler (process ${String(other)}) runs on the data folder ${dataDir}: stop it, or set "data:" to another folder.`,
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
      `Cannot listen on ${address.path}, through which commands such as status reach this process: ${describeError(cause)}`,
      { cause },
    );
  }
  server.unref();
  server.on('error', () => undefined); // A client sees by itself that its connection was not accepted.
  return {
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroySoon();
      await closed;
      address.remove();
    },
  };
}
