import type { StoredValue } from '../read/attack.ts';
import { plainHost } from '../read/host-forms.ts';
import { formatValue, storedText } from './stored-text.ts';

/** An address for a terminal: a mapped IPv4 address in its plain form, an unknown address as `?`. */
export function formatHost(host: StoredValue | undefined): string {
  const text = storedText(host);
  return text === '' ? '?' : formatValue(plainHost(text), 260);
}

/** An address with a port, IPv6 in brackets: `[2001:db8::1]:445`. */
export function formatEndpoint(host: StoredValue | undefined, port: StoredValue | undefined): string {
  const address = formatHost(host);
  return `${address.includes(':') ? `[${address}]` : address}:${formatValue(port, 20)}`;
}
