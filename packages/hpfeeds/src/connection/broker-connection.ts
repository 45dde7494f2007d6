import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describeError, escapeControls, temporary } from '@ihandler/core';
import { explainTls } from '@ihandler/core/kit';
import type { Broker } from './broker-options.ts';
import { authFrame, createFrameReader, type Frame, OP, takeName } from './frame.ts';

/** How long the connection may be silent until the broker has sent its nonce, in milliseconds. */
const CONNECT_TIMEOUT = 10_000;
/** How long the operating system may take to accept what is sent, in milliseconds. */
const SEND_TIMEOUT = 60_000;
/** How long to wait for an objection of the broker, in milliseconds: it does not answer when it agrees. */
const OBJECTION_TIMEOUT = 200;
/** How many characters of the broker's error are kept. */
const MAX_ERROR = 500;

function openSocket({ server, port, tls }: Broker): Socket {
  if (tls === undefined) return connectTcp({ host: server, port, noDelay: true });
  return connectTls({ host: server, port, ...tls, ...(isIP(server) === 0 && { servername: server }) });
}

/** A connection to a broker. */
export class BrokerConnection {
  readonly #broker: Broker;
  readonly #socket: Socket;
  readonly #onMessage: (payload: Buffer) => void;
  readonly #frames = createFrameReader();
  #state: 'connecting' | 'authenticating' | 'open' | 'closed' = 'connecting';
  /** The error frame of the broker. */
  #brokerError: string | undefined;
  #socketError: Error | undefined;
  #openTimer: NodeJS.Timeout | undefined;
  #settleOpened: (reason?: Error) => void = () => {};
  #settleEnded: (reason: Error) => void = () => {};
  #settleObjected: (reason: Error) => void = () => {};
  readonly #objected: Promise<Error>;
  /** Resolves when the broker has accepted the identity; rejects with the reason when it has not. */
  readonly opened: Promise<void>;
  /** Resolves, with the reason, when the connection has ended. */
  readonly ended: Promise<Error>;

  /** Starts to connect. `onMessage` gets the payload of each publish frame. The connection ends when `signal` aborts. */
  constructor(broker: Broker, onMessage: (payload: Buffer) => void, signal: AbortSignal) {
    this.#broker = broker;
    this.#onMessage = onMessage;
    this.opened = new Promise((resolve, reject) => {
      this.#settleOpened = (reason) => (reason === undefined ? resolve() : reject(reason));
    });
    this.ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
    this.#objected = new Promise((resolve) => {
      this.#settleObjected = resolve;
    });
    const socket = openSocket(broker);
    this.#socket = socket;
    const abort = () => this.close();
    signal.addEventListener('abort', abort, { once: true });
    socket.setTimeout(CONNECT_TIMEOUT, () => socket.destroy(new Error('it does not answer')));
    socket.on('error', (error) => {
      this.#socketError = error;
    });
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('close', () => {
      signal.removeEventListener('abort', abort);
      this.#handleClose();
    });
  }

  /** Resolves when the operating system has accepted the bytes; rejects when they may not arrive. */
  async send(bytes: Buffer): Promise<void> {
    if (!this.isOpen()) throw await this.ended;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(
        () => this.#socket.destroy(new Error('it does not accept data any more')),
        SEND_TIMEOUT,
      );
      this.#socket.write(bytes, (error) => {
        clearTimeout(late);
        if (error === null || error === undefined) resolve();
        else reject(this.#reason(error));
      });
    });
  }

  /** What the broker rejected, in its own words; undefined when it has rejected nothing. */
  get rejection(): string | undefined {
    return this.#brokerError;
  }

  /** Resolves when the broker had time to object and did not; rejects with its reason. Some brokers keep the connection open. */
  async waitForObjection(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), OBJECTION_TIMEOUT);
    });
    const objection = await Promise.race([silence, this.#objected, this.ended]);
    clearTimeout(timer);
    if (objection !== undefined) throw objection;
  }

  /** Whether the connection has not ended. */
  isOpen(): boolean {
    return this.#state !== 'closed';
  }

  /** Receives nothing until {@link resume}: the broker keeps the messages, or ends the connection. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#frames.push(chunk)) this.#handleFrame(frame);
    } catch (error) {
      this.#socket.destroy(new Error(`it does not speak hpfeeds (${describeError(error)})`));
    }
  }

  #handleFrame({ op, payload }: Frame): void {
    if (op === OP.publish) this.#onMessage(payload);
    else if (op === OP.error) {
      this.#brokerError = payload.toString('utf8').slice(0, MAX_ERROR);
      this.#settleObjected(this.#reason(undefined));
    } else if (op === OP.info && this.#state === 'connecting') this.#authenticate(takeName(payload).rest);
  }

  #authenticate(nonce: Buffer): void {
    const { ident, secret } = this.#broker;
    this.#state = 'authenticating';
    this.#socket.setTimeout(0);
    this.#socket.setKeepAlive(true, 30_000);
    this.#socket.write(authFrame(ident, nonce, secret));
    this.#openTimer = setTimeout(() => {
      this.#state = 'open';
      this.#settleOpened();
    }, OBJECTION_TIMEOUT);
  }

  #handleClose(): void {
    this.#state = 'closed';
    clearTimeout(this.#openTimer);
    const reason = this.#reason(this.#socketError);
    this.#settleEnded(reason);
    this.#settleOpened(reason);
  }

  /** Why the connection failed, as a temporary error: the broker's own words, or the error of the socket. */
  #reason(cause: Error | undefined): Error {
    const name = `The hpfeeds broker ${this.#broker.server}:${this.#broker.port}`;
    if (this.#brokerError !== undefined)
      return temporary(
        `${name} rejected this client: ${escapeControls(this.#brokerError)}. Check "ident" and "secret", and whether this identity may use the channels.`,
      );
    if (cause === undefined) return temporary(`${name} closed the connection.`);
    const advice = explainTls(cause);
    return temporary(
      `Cannot reach the hpfeeds broker ${this.#broker.server}:${this.#broker.port}: ${describeError(cause)}.${advice === undefined ? '' : ` ${advice}`}`,
      { cause },
    );
  }
}

/** Connects and authenticates. Rejects with a temporary error that says what failed. */
export async function connectBroker(
  broker: Broker,
  onMessage: (payload: Buffer) => void,
  signal: AbortSignal,
): Promise<BrokerConnection> {
  const connection = new BrokerConnection(broker, onMessage, signal);
  await connection.opened;
  return connection;
}
