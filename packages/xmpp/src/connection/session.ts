import { randomBytes, randomUUID } from 'node:crypto';
import { describeError, temporary } from '@ihandler/core';
import { addresses, explainTls } from '@ihandler/core/kit';
import { client, xml } from '@xmpp/client';
import type { Account } from '../options.ts';
import { checkData, closeEntity } from './raw-connection.ts';
import { useTls } from './use-tls.ts';

/** An XML element of the client library. */
export type Element = ReturnType<typeof xml>;

/** An authenticated connection to a server. */
export interface Session {
  /** `user@domain/resource`. */
  readonly address: string;
  readonly nick: string;
  send(element: Element): Promise<void>;
  /** Sends a request and resolves with the reply; rejects with the error of the server. */
  ask(element: Element): Promise<Element>;
  isOpen(): boolean;
  /** Resolves, with the reason, when the session has ended. */
  readonly ended: Promise<Error>;
  /** Ends the session; `reason` becomes the reason of `ended`. */
  close(reason?: Error): Promise<void>;
}

/** The XMPP name of the condition with which a server refused a request; empty for any other failure. */
export function conditionOf(error: unknown): string {
  return error instanceof Error && 'condition' in error ? String(error.condition) : '';
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** How long a server may take to reply, or to accept and authenticate a connection, in milliseconds. */
const REPLY_TIMEOUT = 20_000;
/** How long a server may take to confirm the end of a session, in milliseconds. */
const CLOSE_TIMEOUT = 1000;

function randomResource(): string {
  return [...randomBytes(8)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
}

function isLoopback(url: string): boolean {
  return addresses.isLoopback(new URL(url.replace(/^xmpps?:/, 'http:')).hostname);
}

/** What to do about errors of the server, by their texts. */
const advices: readonly (readonly [reported: RegExp, advice: string])[] = [
  [
    /not-authorized|not authorized|credentials/i,
    'Check "username" and "password", and that the server knows this account.',
  ],
  [
    /policy-violation|stanza.{0,200}large|too large/i,
    'The server does not accept stanzas of this size: raise its limit (Prosody: c2s_stanza_size_limit), or lower "maxStanzaSize".',
  ],
  [/conflict/i, 'Another session has the same resource: remove "resource", or set another one.'],
];

function adviceFor(error: unknown): string {
  const text = describeError(error);
  if (/altname/i.test(text))
    return ' The certificate is for another name: with STARTTLS it must contain the domain of "username", with xmpps:// the host in "url".';
  const advice = explainTls(error) ?? advices.find(([reported]) => reported.test(text))?.[1];
  return advice === undefined ? '' : ` ${advice}`;
}

/** Any error as a temporary error that names the server and says what to do. */
function explained({ url }: Account, error: unknown): Error {
  // A temporary error says what to do already.
  if (error instanceof Error && 'retryAfter' in error) return error;
  return temporary(`XMPP at ${url}: ${describeError(error)}.${adviceFor(error)}`, { cause: error });
}

/** An address of the client library. */
type Address = Awaited<ReturnType<ReturnType<typeof client>['start']>>;

/**
 * Does the same as the library's own `start`, which leaves an unhandled rejection when the connection breaks while the stream
 * opens; that would end the process. Rejects also when the server closes the connection without an error.
 */
async function connect(
  entity: ReturnType<typeof client>,
  { url, domain }: Account,
  ended: Promise<Error>,
): Promise<Address> {
  // Safe: these members exist in the library's class; its types leave them out.
  const internals = entity as unknown as {
    connect(service: string): Promise<unknown>;
    open(options: { readonly domain: string }): Promise<unknown>;
  };
  const online = new Promise<Address>((resolve, reject) => {
    entity.once('online', resolve);
    entity.once('error', reject);
    void ended.then(reject);
  });
  online.catch(() => undefined); // awaited below, unless an earlier step fails
  await Promise.race([internals.connect(url), online]);
  await Promise.race([internals.open({ domain }), online]);
  return online;
}

function createEntity(account: Account, resource: string, mayBePlain: boolean): ReturnType<typeof client> {
  const { url, user, domain, password, tls } = account;
  const entity = client({
    service: url,
    domain,
    resource,
    credentials: async (authenticate, mechanisms, _fast, { isSecure }) => {
      const mechanism =
        mayBePlain || isSecure() ? mechanisms[0] : mechanisms.find((offered) => offered !== 'PLAIN');
      if (mechanism === undefined)
        throw new Error('without TLS the server accepts only an unencrypted password');
      await authenticate({ username: user, password }, mechanism, xml('user-agent', { id: randomUUID() }));
    },
  });
  entity.timeout = REPLY_TIMEOUT;
  // The dispatcher retries the handler, and the host restarts the source.
  entity.reconnect.stop();
  if (tls !== undefined) useTls(entity, tls, domain);
  checkData(entity);
  return entity;
}

/**
 * Connects and authenticates. `onStanza` gets every message and presence. The session does not reconnect. Rejects with a
 * temporary error that says what failed and what to do.
 */
export async function openSession(
  account: Account,
  onStanza: (stanza: Element) => void,
  signal: AbortSignal,
): Promise<Session> {
  const resource = account.resource ?? randomResource();
  const mayBePlain = account.insecure || isLoopback(account.url);
  const entity = createEntity(account, resource, mayBePlain);
  let isOpen = true;
  let cause: unknown;
  let settleEnded: (reason: Error) => void = () => {};
  const ended = new Promise<Error>((resolve) => {
    settleEnded = resolve;
  });
  const finish = (reason: unknown) => {
    if (!isOpen) return;
    isOpen = false;
    settleEnded(explained(account, reason));
  };
  let closing: Promise<unknown> | undefined;
  const close = async (reason?: Error) => {
    finish(reason ?? cause ?? new Error('the session was closed'));
    signal.removeEventListener('abort', abort);
    closing ??= closeEntity(entity, entity.status === 'online' ? CLOSE_TIMEOUT : 0);
    await closing;
  };
  const abort = () => void close();
  entity.on('error', (error: unknown) => {
    cause ??= error;
  });
  entity.on('disconnect', () => finish(cause ?? new Error('the server closed the connection')));
  entity.on('stanza', (stanza: Element) => {
    if (stanza.name !== 'iq') onStanza(stanza);
  });
  signal.addEventListener('abort', abort, { once: true });
  const late = setTimeout(
    () =>
      finish(
        new Error(`no session within ${REPLY_TIMEOUT / 1000} s: check that an XMPP server listens there`),
      ),
    REPLY_TIMEOUT,
  );
  try {
    const address = await connect(entity, account, ended);
    if (!entity.isSecure() && !mayBePlain)
      throw new Error(
        'the server offers no TLS, so everyone on the network path could read the messages; "tls: { insecure: true }" accepts that',
      );
    return {
      address: address.toString(),
      nick: account.nick ?? `${account.user}-${resource}`,
      send: async (element) => {
        if (!isOpen) throw await ended;
        await entity.send(element);
      },
      ask: (element) => entity.iqCaller.request(element, REPLY_TIMEOUT),
      isOpen: () => isOpen,
      ended,
      close,
    };
  } catch (error) {
    const reason = explained(account, cause ?? error);
    await close();
    throw reason;
  } finally {
    clearTimeout(late);
  }
}
