import { randomBytes, randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { describeError, temporary } from '@ihandler/core';
import { client, xml } from '@xmpp/client';
import type { Account } from '../options.ts';

/** An XML element, as the client library has it. */
export type Element = ReturnType<typeof xml>;

/** A connection to a server that has let us in. */
export interface Session {
  /** `user@domain/resource`. */
  readonly address: string;
  readonly nick: string;
  send(element: Element): Promise<void>;
  /** Asks and waits for the answer; rejects with what the server says is wrong. */
  ask(element: Element): Promise<Element>;
  isOpen(): boolean;
  /** Resolves, with why, when it has ended. */
  readonly ended: Promise<Error>;
  /** Ends it; `reason` is what `ended` tells then. */
  close(reason?: Error): Promise<void>;
}

/** The condition that a server refused a question with, by its XMPP name; empty for any other failure. */
export function conditionOf(error: unknown): string {
  return error instanceof Error && 'condition' in error ? String(error.condition) : '';
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** How long a server may take to let us in, or to answer, in milliseconds. */
const ANSWER_WITHIN = 20_000;

function inventedResource(): string {
  return [...randomBytes(8)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
}

function isLoopback(service: string): boolean {
  const host = new URL(service.replace(/^xmpps?:/, 'http:')).hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** What an operator can do about an error of the server or on the way to it. */
function advice(error: unknown): string {
  const text = describeError(error);
  if (/not-authorized|not authorized|credentials/i.test(text))
    return ' Are "username" and "password" right, and known to the server?';
  if (/certificate has expired|certificate is not yet valid/i.test(text))
    return ' Its administrator must renew the certificate. Or is the clock of this machine wrong?';
  if (/altname/i.test(text))
    return ' The certificate is for another name: with STARTTLS it must name the domain of "username", with xmpps:// the host in "service".';
  if (/self.signed|certificate|unable to verify/i.test(text))
    return ' The certificate is not trusted: start ihandler with NODE_EXTRA_CA_CERTS set to the file of the authority that signed it.';
  if (/policy-violation|stanza.*large|too large/i.test(text))
    return ' The server takes no stanza as large as that: raise its limit (Prosody: c2s_stanza_size_limit), or lower "maxStanza".';
  if (/conflict/i.test(text))
    return ' Somebody else is there with the same resource: set "resource", or remove it.';
  return '';
}

/** Any error as a passing one that names the server. */
export function explained({ service }: Pick<Account, 'service'>, error: unknown): Error {
  return temporary(`XMPP at ${service}: ${describeError(error)}.${advice(error)}`, { cause: error });
}

/** What arrives after the end of a stream has no parser any more, and the client library would throw where nobody can catch it. */
function passOverWhatComesTooLate(entity: ReturnType<typeof client>): void {
  // Safe: these are members of the library's own class, which its types leave out.
  const inside = entity as unknown as { parser: object | null; _onData(data: Uint8Array): void };
  const take = inside._onData;
  inside._onData = (data) => {
    if (inside.parser !== null) take.call(entity, data);
  };
}

/** An address as the library has it. */
type Address = Awaited<ReturnType<ReturnType<typeof client>['start']>>;

/**
 * Does what the library's own `start` does, which leaves a promise to nobody when the connection breaks while the stream
 * opens: that would end the whole program. Rejects also when the server ends the connection without an error.
 */
async function letIn(
  entity: ReturnType<typeof client>,
  { service, domain }: Account,
  ended: Promise<Error>,
): Promise<Address> {
  // Safe: these are members of the library's own class, which its types leave out.
  const inside = entity as unknown as {
    connect(service: string): Promise<unknown>;
    open(options: { readonly domain: string }): Promise<unknown>;
  };
  const online = new Promise<Address>((resolve, reject) => {
    entity.once('online', resolve);
    entity.once('error', reject);
    void ended.then(reject);
  });
  online.catch(() => undefined); // told below, or by what failed before
  await inside.connect(service);
  await inside.open({ domain });
  return online;
}

/**
 * Connects and is let in; `onStanza` gets every message and presence. It is never made again by itself: whoever uses it
 * decides that. Rejects with a passing error that says what is wrong.
 */
export async function openSession(
  account: Account,
  onStanza: (stanza: Element) => void,
  signal: AbortSignal,
): Promise<Session> {
  const { service, user, domain, password } = account;
  const resource = account.resource ?? inventedResource();
  const isTrusted = account.insecure || isLoopback(service);
  const entity = client({
    service,
    domain,
    resource,
    credentials: async (authenticate, mechanisms, _fast, { isSecure }) => {
      const mechanism =
        isTrusted || isSecure() ? mechanisms[0] : mechanisms.find((offered) => offered !== 'PLAIN');
      if (mechanism === undefined)
        throw new Error(
          'the server offers no way to prove who we are without TLS but to tell it the password',
        );
      await authenticate({ username: user, password }, mechanism, xml('user-agent', { id: randomUUID() }));
    },
  });
  entity.timeout = ANSWER_WITHIN;
  entity.reconnect.stop();
  passOverWhatComesTooLate(entity);
  let isOpen = true;
  let cause: unknown;
  let end: (reason: Error) => void = () => {};
  const ended = new Promise<Error>((resolve) => {
    end = resolve;
  });
  const finish = (reason: unknown) => {
    if (!isOpen) return;
    isOpen = false;
    // What may be tried later says what is to be done already.
    end(reason instanceof Error && 'retryAfter' in reason ? reason : explained(account, reason));
  };
  let closing: Promise<unknown> | undefined;
  const close = async (reason?: Error) => {
    finish(reason ?? cause ?? new Error('it was closed'));
    signal.removeEventListener('abort', abort);
    // A connection that is gone cannot be ended politely.
    closing ??= entity.stop().catch(() => undefined);
    await closing;
  };
  const abort = () => void close();
  entity.on('error', (error: unknown) => {
    cause ??= error;
  });
  entity.on('disconnect', () => finish(cause ?? new Error('the server ended the connection')));
  entity.on('stanza', (stanza: Element) => {
    if (stanza.name !== 'iq') onStanza(stanza);
  });
  signal.addEventListener('abort', abort, { once: true });
  try {
    const address = await letIn(entity, account, ended);
    if (!entity.isSecure() && !isTrusted)
      throw new Error(
        'the server offers no TLS, so that everybody on the way could read everything; "insecure: true" goes on all the same',
      );
    return {
      address: address.toString(),
      nick: account.nick ?? `${user}-${resource}`,
      send: async (element) => {
        if (!isOpen) throw await ended;
        await entity.send(element);
      },
      ask: (element) => entity.iqCaller.request(element, ANSWER_WITHIN),
      isOpen: () => isOpen,
      ended,
      close,
    };
  } catch (error) {
    const reason = explained(account, cause ?? error);
    await close();
    throw reason;
  }
}
