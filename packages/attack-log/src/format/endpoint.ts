import type { StoredValue } from '../read/attack.ts';
import { plainHost } from '../read/host-forms.ts';
import { shown, storedText } from './stored-text.ts';

/** An address as people write it: a mapped IPv4 address plain, one that is not known `?`. */
export function formatHost(host: StoredValue | undefined): string {
  const text = storedText(host);
  return text === '' ? '?' : shown(plainHost(text), 260);
}

/** An address with a port, IPv6 in brackets: `[2001:db8::1]:445`. */
export function formatEndpoint(host: StoredValue | undefined, port: StoredValue | undefined): string {
  const address = formatHost(host);
  return `${address.includes(':') ? `[${address}]` : address}:${shown(port, 20)}`;
}
