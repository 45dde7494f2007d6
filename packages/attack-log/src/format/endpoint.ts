import type { Stored } from '../read/tree-model.ts';
import { shown, storedText } from './stored-text.ts';

const mapped = /^::ffff:(?=\d{1,3}(?:\.\d{1,3}){3}$)/i;

/** An address as people write it: a mapped IPv4 address plain, one that is not known `?`. */
export function formatHost(host: Stored | undefined): string {
  const text = storedText(host);
  return text === '' ? '?' : shown(text.replace(mapped, ''), 260);
}

/** An address with a port, IPv6 in brackets: `[2001:db8::1]:445`. */
export function formatEndpoint(host: Stored | undefined, port: Stored | undefined): string {
  const address = formatHost(host);
  return `${address.includes(':') ? `[${address}]` : address}:${shown(port, 20)}`;
}
