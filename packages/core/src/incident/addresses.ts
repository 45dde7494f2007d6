import { isIP } from 'node:net';
import { isRecord } from '../contract/property.ts';

/** Replaces a forgotten address in a text. A word that is valid as a host in a URL. */
const FORGOTTEN = 'forgotten';

/** The names of the sensor's own end. */
const LOCAL = /^(?:local|dst|dest|destination)(?:[_.-]?(?:ip|addr|address|host|hostname))?$/i;

/** Texts that look like an IPv6 or an IPv4 address; not parts of longer numbers. */
const CANDIDATE =
  /(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\.\d{1,3}){0,3}(?!\w)|(?<!\d)(?<!\d\.)\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d)/gi;

/** The addresses that stand anywhere in a text, as written: in a URL, in a host name, in a command. */
export function addressesIn(text: string): readonly string[] {
  return text.match(CANDIDATE)?.filter((word) => isIP(word) !== 0) ?? [];
}

/**
 * A text or bytes with each forgotten address replaced by `forgotten`; undefined when it names none.
 */
export function withoutAddresses<T extends string | Uint8Array>(
  value: T,
  isForgotten: (host: string) => boolean,
): T | undefined {
  const isText = typeof value === 'string';
  const text = isText ? value : Buffer.from(value).toString('latin1');
  if (!addressesIn(text).some(isForgotten)) return undefined;
  const changed = text.replace(CANDIDATE, (word) =>
    isIP(word) !== 0 && isForgotten(word) ? FORGOTTEN : word,
  );
  // Safe: the same kind of value as the argument.
  return (isText ? changed : Buffer.from(changed, 'latin1')) as unknown as T;
}

/**
 * Whether data names a forgotten host anywhere, in a text, in bytes or as a key: not only as the remote end of a connection. The
 * local ends do not count, since they are the sensor's own.
 */
export function namesHost(value: unknown, isForgotten: (host: string) => boolean): boolean {
  if (typeof value === 'string') return isForgotten(value) || addressesIn(value).some(isForgotten);
  if (value instanceof Uint8Array) return namesHost(Buffer.from(value).toString('latin1'), isForgotten);
  if (Array.isArray(value)) return value.some((item) => namesHost(item, isForgotten));
  if (!isRecord(value)) return false;
  return Object.entries(value).some(
    ([key, item]) => !LOCAL.test(key) && (namesHost(key, isForgotten) || namesHost(item, isForgotten)),
  );
}

/** Whether a host is reachable from this machine only: `localhost`, `::1` (also in brackets), `127.0.0.0/8`, also in mapped form. */
function isLoopback(host: string): boolean {
  const plain = host.replace(/^\[(.*)\]$/, '$1').replace(/^::ffff:(?=\d)/i, '');
  return plain === 'localhost' || plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}

/** What handlers, sources and programs ask about addresses. */
export const addresses = Object.freeze({
  /** See {@link isLoopback}. */
  isLoopback,
  /** See {@link addressesIn}. */
  in: addressesIn,
  /** See {@link namesHost}. */
  areNamed: namesHost,
  /** See {@link withoutAddresses}. */
  without: withoutAddresses,
});
