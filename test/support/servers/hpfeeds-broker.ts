import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** The secret and the permissions of an identity. */
export interface BrokerUser {
  readonly secret: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** How the broker behaves. */
export interface BrokerOptions {
  readonly users: Readonly<Record<string, BrokerUser>>;
  readonly port?: number;
  readonly tls?: { readonly cert: string; readonly key: string };
  /** A subscriber with more queued bytes than this is disconnected after `kickAfter` milliseconds. @default 50 MiB and 60 s, as the public broker */
  readonly maxQueued?: number;
  readonly kickAfter?: number;
  /** Whether a denied subscription ends the connection; some brokers only send an error. @default true */
  readonly closesDenied?: boolean;
}

/** A broker as in real networks: without acknowledgement and storage; only current subscribers receive a message. */
export interface HpfeedsBroker {
  readonly port: number;
  /** How many publish frames it accepted. */
  readonly published: () => number;
  /** How many subscribers it disconnected because their queue was full. */
  readonly kicked: () => number;
  /** How often it sent an error and closed the connection. */
  readonly refused: () => number;
  /** How many subscriptions there are, summed over all subscribers. */
  readonly subscriptions: () => number;
  /** Closes every connection, as a crash does. */
  drop(): void;
  /** Closes the connections of subscribers. */
  dropSubscribers(): void;
  stop(): Promise<void>;
}

interface Client {
  readonly socket: Socket;
  readonly nonce: Buffer;
  ident: string | undefined;
  readonly channels: Set<string>;
  full?: NodeJS.Timeout | undefined;
}

function frame(op: number, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.writeInt32BE(body.length + 5);
  head[4] = op;
  return Buffer.concat([head, body]);
}

const short = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

/** Starts a broker on loopback, which is written from the protocol's description and shares no code with the client. */
export async function startHpfeedsBroker(options: BrokerOptions): Promise<HpfeedsBroker> {
  const { users, maxQueued = 50 * 1024 * 1024, kickAfter = 60_000, closesDenied = true } = options;
  const clients = new Set<Client>();
  let published = 0;
  let kicked = 0;
  let refused = 0;

  function refuse({ socket }: Client, text: string): void {
    refused += 1;
    socket.end(frame(0, Buffer.from(text)));
  }

  function deliver(to: Client, bytes: Buffer): void {
    to.socket.write(bytes);
    if (to.socket.writableLength <= maxQueued) return;
    to.full ??= setTimeout(() => {
      kicked += 1;
      to.socket.destroy();
    }, kickAfter);
  }

  function authenticate(client: Client, ident: string, answer: Buffer): void {
    const secret = users[ident]?.secret;
    const wanted = createHash('sha1')
      .update(client.nonce)
      .update(secret ?? '')
      .digest();
    if (secret !== undefined && answer.length === 20 && timingSafeEqual(answer, wanted)) client.ident = ident;
    else refuse(client, 'Authentication failed');
  }

  function publish(client: Client, user: BrokerUser | undefined, channel: string, body: Buffer): void {
    if (!user?.publish.includes(channel)) {
      refuse(client, 'Authorisation failed');
      return;
    }
    published += 1;
    for (const other of clients) if (other.channels.has(channel)) deliver(other, frame(3, body));
  }

  function subscribe(client: Client, user: BrokerUser | undefined, channel: string): void {
    if (user?.subscribe.includes(channel)) client.channels.add(channel);
    else if (closesDenied) refuse(client, 'Authorisation failed');
    else client.socket.write(frame(0, Buffer.from('Authorisation failed')));
  }

  function handle(client: Client, op: number, body: Buffer): void {
    const length = body[0] ?? 0;
    const ident = body.toString('utf8', 1, 1 + length);
    const rest = body.subarray(1 + length);
    const user = users[ident];
    if (op === 2) authenticate(client, ident, rest);
    else if (client.ident === undefined || client.ident !== ident)
      refuse(client, 'First message was not AUTH');
    else if (op === 4) subscribe(client, user, rest.toString());
    else if (op === 5) client.channels.delete(rest.toString());
    else if (op === 3) publish(client, user, rest.toString('utf8', 1, 1 + (rest[0] ?? 0)), body);
    else refuse(client, 'Unknown opcode');
  }

  function greet(socket: Socket): void {
    const client: Client = { socket, nonce: randomBytes(4), ident: undefined, channels: new Set() };
    clients.add(client);
    let held = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(client.full);
      clients.delete(client);
    });
    socket.on('drain', () => {
      clearTimeout(client.full);
      client.full = undefined;
    });
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
      while (held.length >= 5) {
        const size = held.readInt32BE(0);
        if (size < 5 || size > 1024 * 1024 + 5) {
          refuse(client, 'Message too big');
          return;
        }
        if (held.length < size) return;
        handle(client, held[4] ?? 0, Buffer.from(held.subarray(5, size)));
        held = held.subarray(size);
      }
    });
    socket.write(frame(1, short('test-broker'), client.nonce));
  }

  const server: Server =
    options.tls === undefined ? createServer(greet) : createTlsServer({ ...options.tls }, greet);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const drop = () => {
    for (const { socket } of clients) socket.destroy();
  };
  return {
    port,
    published: () => published,
    kicked: () => kicked,
    refused: () => refused,
    subscriptions: () =>
      [...clients].reduce((sum, { socket, channels }) => sum + (socket.destroyed ? 0 : channels.size), 0),
    drop,
    dropSubscribers() {
      for (const { socket, channels } of clients) if (channels.size > 0) socket.destroy();
    },
    async stop() {
      drop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
