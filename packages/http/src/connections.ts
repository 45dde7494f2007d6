import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { addresses, type ThrottledLog } from '@ihandler/core/kit';

/** Posts that wait behind another on one connection before the port stops reading from it. */
const MAX_WAITING = 16;
/** Posts that may wait behind another: one read of a connection can bring many small ones. */
const MAX_PIPELINED = 256;

interface Connection {
  readonly key: string;
  readonly socket: Socket;
  readonly address: string;
  /** When it was opened, or when its last post was answered. */
  since: number;
  /** Whether its last request carried a valid token. */
  isKnown: boolean;
  /** The posts that wait for the running one. */
  readonly waiting: (() => Promise<void>)[];
  isAnswering: boolean;
  /** Whether its request has arrived whole, so that the client waits for the port. */
  isComplete: boolean;
}

/** Shares the connections of a port among its clients. */
export interface Connections {
  /** Answers the requests of a connection one after another. `answer` never rejects. */
  inTurn(request: IncomingMessage, answer: () => Promise<void>): void;
  /** Call it when a request carried a valid token. */
  recognise(request: IncomingMessage): void;
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/**
 * Limits the connections of a server. An address may have half of `max`; loopback addresses may have all. At a limit, a new
 * connection replaces another one that waits for its client: one without a valid token first, of the address with the most
 * connections, and the oldest of these. When none waits for its client, the new one is closed.
 */
export function limitConnections(server: Server, max: number, warnings: ThrottledLog): Connections {
  const open = new Map<string, Connection>();
  const counts = new Map<string, number>();

  function countOf({ address }: Connection): number {
    return counts.get(address) ?? 0;
  }

  /** Whether `left` makes room before `right`. */
  function goesFirst(left: Connection, right: Connection): boolean {
    if (left.isKnown !== right.isKnown) return right.isKnown;
    const [most, other] = [countOf(left), countOf(right)];
    return most === other ? left.since < right.since : most > other;
  }

  /** Closes one connection, of one address or of any. Returns whether there was one. */
  function makeRoom(address?: string): boolean {
    let chosen: Connection | undefined;
    for (const each of open.values()) {
      if (each.isAnswering && each.isComplete) continue;
      if (address !== undefined && each.address !== address) continue;
      if (chosen === undefined || goesFirst(each, chosen)) chosen = each;
    }
    if (chosen === undefined) return false;
    warnings.log('closed connections to make room for others', { from: chosen.address }, 1);
    remove(chosen);
    chosen.socket.destroy();
    return true;
  }

  function remove(connection: Connection): void {
    if (open.get(connection.key) !== connection) return;
    open.delete(connection.key);
    const left = countOf(connection) - 1;
    if (left > 0) counts.set(connection.address, left);
    else counts.delete(connection.address);
  }

  server.on('connection', (socket: Socket) => {
    const key = keyOf(socket);
    const address = socket.remoteAddress ?? '';
    const limit = addresses.isLoopback(address) ? max : Math.max(1, max >> 1);
    const isFull = (counts.get(address) ?? 0) >= limit ? !makeRoom(address) : open.size >= max && !makeRoom();
    if (isFull) {
      warnings.log('closed new connections, since all others are in use', { from: address }, 1);
      socket.destroy();
      return;
    }
    const connection: Connection = {
      ...{ key, socket, address, since: performance.now(), isKnown: false },
      ...{ waiting: [], isAnswering: false, isComplete: false },
    };
    open.set(key, connection);
    counts.set(address, (counts.get(address) ?? 0) + 1);
    socket.once('close', () => {
      remove(connection);
      connection.waiting.length = 0;
    });
  });

  async function answerAll(connection: Connection, next: () => Promise<void>): Promise<void> {
    const { waiting } = connection;
    connection.isAnswering = true;
    for (let current: typeof next | undefined = next; current !== undefined; current = waiting.shift())
      await current();
    connection.isAnswering = false;
    connection.isComplete = false;
    connection.since = performance.now();
  }

  return {
    recognise({ socket }) {
      const connection = open.get(keyOf(socket));
      if (connection !== undefined) connection.isKnown = true;
    },
    inTurn(request, answer) {
      const { socket } = request;
      const connection = open.get(keyOf(socket));
      if (connection === undefined) {
        socket.destroy();
        return;
      }
      const inTime = async () => {
        connection.isComplete = request.complete;
        request.once('end', () => {
          connection.isComplete = true;
        });
        await answer();
        if (connection.waiting.length <= MAX_WAITING) socket.resume();
      };
      if (!connection.isAnswering) {
        void answerAll(connection, inTime);
        return;
      }
      if (connection.waiting.length >= MAX_PIPELINED) {
        warnings.log('closed connections with too many posts at once', { from: connection.address }, 1);
        socket.destroy();
        return;
      }
      connection.waiting.push(inTime);
      if (connection.waiting.length > MAX_WAITING) holdBack(connection, socket);
    },
  };
}

const held = new WeakSet<Socket>();

/** Stops reading from a connection until few posts wait. Reading a post's body makes Node resume its socket. */
function holdBack(connection: Connection, socket: Socket): void {
  socket.pause();
  if (held.has(socket)) return;
  held.add(socket);
  socket.on('resume', () => {
    if (connection.waiting.length > MAX_WAITING) socket.pause();
  });
}
