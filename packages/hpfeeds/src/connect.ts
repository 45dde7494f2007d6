import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describeError, escapeControls, temporary } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { Broker } from './broker-options.ts';
import { authFrame, createFrameReader, OP, takeName } from './frame.ts';

/** A connection to a broker that has been let in, as far as it said nothing against it. */
export interface BrokerConnection {
  /** Resolves when the operating system has taken the bytes; rejects when they may not arrive. */
  send(bytes: Buffer): Promise<void>;
  /** Resolves when the broker had time to turn down what was sent, and did not; rejects with what it said. */
  unopposed(): Promise<void>;
  /** Whether it has not ended. */
  isOpen(): boolean;
  /** Resolves, with why, when it has ended. */
  readonly ended: Promise<Error>;
  /** Takes no more messages until {@link BrokerConnection.resume}: then the broker keeps them, or lets us go. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** How long a connection may take, and how long it may say nothing while we wait for it, in milliseconds. */
const CONNECT_WITHIN = 10_000;
/** How long a broker has to take what we send. */
const SEND_WITHIN = 60_000;
/** How long we wait for a broker that turns us away, or what we say: it says nothing when it agrees. */
const OBJECTION = 200;

function describe({ server, port }: Broker): string {
  return `the hpfeeds broker ${server}:${port}`;
}

function advice(error: Error): string {
  const code = errorCode(error);
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return ' Its administrator must renew the certificate. Or is the clock of this machine wrong?';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return ' Its certificate is for another name: "server" must name the host as the certificate does.';
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/.test(code))
    return ' Its certificate is not trusted: name the file of the authority that signed it with "ca".';
  if (/EPROTO|ERR_SSL/.test(code)) return ' Does it speak TLS at this port?';
  return '';
}

function open({ server, port, tls }: Broker): Socket {
  if (tls === undefined) return connectTcp({ host: server, port, noDelay: true });
  return connectTls({
    host: server,
    port,
    ...(tls.ca !== undefined && { ca: tls.ca }),
    ...(isIP(server) === 0 && { servername: server }),
  });
}

/**
 * Connects and authenticates. `onMessage` gets the payload of each publish frame. Rejects with a passing error that says
 * what the broker said, or what is wrong with the way to it.
 */
export function connectBroker(
  broker: Broker,
  onMessage: (payload: Buffer) => void,
  signal: AbortSignal,
): Promise<BrokerConnection> {
  const socket = open(broker);
  const frames = createFrameReader();
  let said: string | undefined;
  let isOpen = true;
  let end: (reason: Error) => void = () => {};
  const ended = new Promise<Error>((resolve) => {
    end = resolve;
  });
  const stop = () => socket.destroy();
  signal.addEventListener('abort', stop, { once: true });
  const failed = (reason: string, cause?: unknown) =>
    temporary(`${describe(broker)} ${reason}`, { ...(cause !== undefined && { cause }) });

  function why(cause: Error | undefined): Error {
    if (said !== undefined)
      return failed(
        `says: ${escapeControls(said)}. Are "ident" and "secret" right, and may they use these channels?`,
      );
    if (cause === undefined) return failed('ended the connection.');
    return failed(`cannot be reached: ${describeError(cause)}.${advice(cause)}`, cause);
  }

  function send(bytes: Buffer): Promise<void> {
    if (!isOpen) return ended.then((reason) => Promise.reject(reason));
    return new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => socket.destroy(new Error('it takes nothing any more')), SEND_WITHIN);
      socket.write(bytes, (error) => {
        clearTimeout(late);
        if (error === null || error === undefined) resolve();
        else reject(why(error));
      });
    });
  }

  async function unopposed(): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    const quiet = new Promise<undefined>((resolve) => {
      late = setTimeout(() => resolve(undefined), OBJECTION);
    });
    const objection = await Promise.race([quiet, ended]);
    clearTimeout(late);
    if (objection !== undefined) throw objection;
  }

  return new Promise((resolve, reject) => {
    let cause: Error | undefined;
    let objecting: NodeJS.Timeout | undefined;
    socket.setTimeout(CONNECT_WITHIN, () => socket.destroy(new Error('it does not answer')));
    socket.on('error', (error) => {
      cause = error;
    });
    socket.on('close', () => {
      isOpen = false;
      clearTimeout(objecting);
      signal.removeEventListener('abort', stop);
      const reason = why(cause);
      end(reason);
      reject(reason);
    });
    const connection: BrokerConnection = {
      send,
      unopposed,
      isOpen: () => isOpen,
      ended,
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      close: stop,
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const { op, payload } of frames.push(chunk)) {
          if (op === OP.publish) onMessage(payload);
          else if (op === OP.error) said = payload.toString('utf8').slice(0, 500);
          else if (op === OP.info && objecting === undefined) {
            const { rest: nonce } = takeName(payload);
            socket.setTimeout(0);
            socket.setKeepAlive(true, 30_000);
            socket.write(authFrame(broker.ident, nonce, broker.secret));
            objecting = setTimeout(() => resolve(connection), OBJECTION);
          }
        }
      } catch (error) {
        socket.destroy(new Error(`it does not speak hpfeeds (${describeError(error)})`));
      }
    });
  });
}
