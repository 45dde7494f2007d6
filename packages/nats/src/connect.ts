import { describeError, IhandlerError, isIhandlerError, temporary } from '@ihandler/core';
import { explainTls, readTls, readWholeFile } from '@ihandler/core/kit';
import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  type NatsConnection,
} from '@nats-io/transport-node';
import type { CommonSettings } from './options.ts';
import { subjectToken } from './subject.ts';

function readCredentials(file: string): Uint8Array {
  try {
    return readWholeFile(file);
  } catch (cause) {
    const message = `nats: credentials: cannot read ${file}: ${describeError(cause)}`;
    throw new IhandlerError('OPTIONS_INVALID', message, { cause });
  }
}

/**
 * The options of the NATS client, with secrets from the environment where the options have none. Replies go to an inbox that
 * is named after the sensor, so that no client needs permission to read the replies of others. Throws `OPTIONS_INVALID`.
 */
export function connectionOptions(
  settings: CommonSettings,
  { instance, sensor }: { readonly instance: string; readonly sensor: string },
): ConnectionOptions {
  const { url, user, credentials } = settings;
  const pass = settings.password ?? process.env['IHANDLER_NATS_PASSWORD'];
  const token = settings.token ?? (user === undefined ? process.env['IHANDLER_NATS_TOKEN'] : undefined);
  const tls = settings.tls && readTls(settings.tls, 'nats');
  return {
    servers: typeof url === 'string' ? url : [...url],
    name: `ihandler ${instance}`,
    inboxPrefix: `_INBOX.${subjectToken(sensor)}`,
    timeout: 10_000,
    // The dispatcher retries the handler, and the host restarts the source.
    reconnect: false,
    pingInterval: 20_000,
    ...(user !== undefined && { user }),
    ...(user !== undefined && pass !== undefined && { pass }),
    ...(token !== undefined && token !== '' && { token }),
    ...(credentials !== undefined && {
      authenticator: credsAuthenticator(readCredentials(credentials)),
    }),
    ...(tls !== undefined && { tls }),
  };
}

/** What to do about errors of the client and the server, by their names and texts. */
const advices: readonly (readonly [reported: RegExp, advice: string])[] = [
  [
    /Authorization|authentication|expired/i,
    'Check that the server knows this user and password, token or credentials.',
  ],
  [/permission/i, 'The server does not permit this: see the permissions in the README.'],
  [/undefined error|unexpected response/i, 'Check that a NATS server listens at this address and port.'],
  [/jetstream not enabled/i, 'Start the server with JetStream (-js).'],
  [
    /stream not found|no responders|10059/i,
    'Check that the stream exists and that JetStream is enabled (-js). Set "create" to create a missing stream.',
  ],
  [
    /insufficient/i,
    'JetStream has less storage than the stream reserves: lower "create.maxSize", or raise max_file_store on the server.',
  ],
  [
    /maximum (bytes|messages)|10077/i,
    'The stream is full: raise its limits, or let it delete its oldest messages (discard old).',
  ],
];

/** Texts of the client that tell a user little. */
const phrases: Readonly<Record<string, string>> = {
  'error connecting - node provided an undefined error': 'the other side closed the connection',
  timeout: 'no answer in time',
  'unexpected response from server': 'the other side does not speak NATS',
};

function adviceFor(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  const text = `${name} ${describeError(error)}`;
  const advice = explainTls(error) ?? advices.find(([reported]) => reported.test(text))?.[1];
  return advice === undefined ? '' : ` ${advice}`;
}

/**
 * An error of the client or the server as a temporary error that says what failed and what to do. Errors of this project are
 * returned as they are.
 */
export function explained(what: string, error: unknown): Error {
  if (isIhandlerError(error) || (error instanceof Error && ('permanent' in error || 'retryAfter' in error)))
    return error;
  const reason = describeError(error);
  const phrase = phrases[reason];
  const options = phrase === undefined ? { cause: error } : {};
  return temporary(`${what}: ${phrase ?? reason}.${adviceFor(error)}`, options);
}

/** Connects once. Rejects with a temporary error, at once when the signal aborts. */
export async function connectNats(options: ConnectionOptions, signal: AbortSignal): Promise<NatsConnection> {
  const connecting = connect(options);
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      // The client cannot be told to stop.
      connecting.then((connection) => connection.close()).catch(() => undefined);
      reject(new Error('stopped while connecting'));
    };
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([connecting, aborted]);
  } catch (error) {
    const servers = [options.servers ?? []].flat().map(withoutPassword).join(', ');
    throw explained(`Cannot connect to NATS at ${servers}`, error);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function withoutPassword(server: string): string {
  return server.replace(/\/\/[^@/]*@/, '//');
}
