import { readFileSync } from 'node:fs';
import { describeError, IhandlerError, isIhandlerError, temporary } from '@ihandler/core';
import {
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  type NatsConnection,
} from '@nats-io/transport-node';
import type { CommonSettings } from './options.ts';
import { subjectToken } from './subject.ts';

function readFile(option: string, file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `nats: ${option}: cannot read ${file}: ${describeError(cause)}`,
      {
        cause,
      },
    );
  }
}

function tlsOf({ tls }: CommonSettings): ConnectionOptions['tls'] {
  if (tls === undefined) return undefined;
  const text = (option: string, file: string) => Buffer.from(readFile(`tls.${option}`, file)).toString();
  return {
    ...(tls.ca !== undefined && { ca: text('ca', tls.ca) }),
    ...(tls.cert !== undefined && { cert: text('cert', tls.cert) }),
    ...(tls.key !== undefined && { key: text('key', tls.key) }),
  };
}

/**
 * The options of the client, with secrets from the environment where the options have none. Answers come to an inbox of the
 * sensor's own, so that nobody needs to be permitted to hear those of others. Throws `OPTIONS_INVALID`.
 */
export function connectionOptions(
  settings: CommonSettings,
  { instance, sensor }: { readonly instance: string; readonly sensor: string },
): ConnectionOptions {
  const { servers, user, credentials } = settings;
  const pass = settings.password ?? process.env['IHANDLER_NATS_PASSWORD'];
  const token = settings.token ?? (user === undefined ? process.env['IHANDLER_NATS_TOKEN'] : undefined);
  const tls = tlsOf(settings);
  return {
    servers: typeof servers === 'string' ? servers : [...servers],
    name: `ihandler ${instance}`,
    inboxPrefix: `_INBOX.${subjectToken(sensor)}`,
    timeout: 10_000,
    // Whoever uses the connection decides when it is made again.
    reconnect: false,
    pingInterval: 20_000,
    ...(user !== undefined && { user }),
    ...(user !== undefined && pass !== undefined && { pass }),
    ...(token !== undefined && token !== '' && { token }),
    ...(credentials !== undefined && {
      authenticator: credsAuthenticator(readFile('credentials', credentials)),
    }),
    ...(tls !== undefined && { tls }),
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : '';
}

/** What an operator can do about an error of the client or the server. */
function advice(error: unknown): string {
  const text = `${nameOf(error)} ${describeError(error)}`;
  if (/certificate has expired|certificate is not yet valid/i.test(text))
    return ' Its administrator must renew the certificate. Or is the clock of this machine wrong?';
  if (/altname/i.test(text))
    return ' The certificate is for another name: "servers" must name the host as the certificate does.';
  if (/Authorization|authentication|expired/i.test(text))
    return ' Are user and password, token or credentials right, and known to the server?';
  if (/permission/i.test(text)) return ' The server does not permit this: see the permissions in the README.';
  if (/certificate|self.signed|unable to verify/i.test(text))
    return ' The certificate is not trusted: name the file of the authority that signed it with "tls.ca".';
  if (/jetstream not enabled/i.test(text)) return ' Start the server with JetStream (-js).';
  if (/stream not found|no responders|10059/i.test(text))
    return ' Is the stream there, and JetStream enabled (-js)? With "create" the stream is made where there is none.';
  if (/insufficient/i.test(text))
    return ' The server gives JetStream less room than that takes: reserve less with "create.maxBytes", or raise its max_file_store.';
  if (/maximum (bytes|messages)|10077/i.test(text))
    return ' The stream is full: raise its limits, or let the oldest go (discard old).';
  return '';
}

/** Any error of the client or the server as a passing one that says what and what to do; ours stay what they are. */
export function explained(what: string, error: unknown): Error {
  if (isIhandlerError(error) || (error instanceof Error && ('permanent' in error || 'retryAfter' in error)))
    return error;
  return temporary(`${what}: ${describeError(error)}.${advice(error)}`, { cause: error });
}

/** Connects once. Rejects with a passing error. */
export async function connectNats(options: ConnectionOptions): Promise<NatsConnection> {
  try {
    return await connect(options);
  } catch (error) {
    const servers = [options.servers ?? []].flat().map(withoutPassword).join(', ');
    throw explained(`Cannot connect to NATS at ${servers}`, error);
  }
}

function withoutPassword(server: string): string {
  return server.replace(/\/\/[^@/]*@/, '//');
}
