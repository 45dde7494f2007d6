import { isIP } from 'node:net';
import { addresses } from '@ihandler/core/kit';

const mapped = /^::ffff:(?=\d{1,3}(?:\.\d{1,3}){3}$)/i;

/** A mapped IPv4 address in its plain form: `192.0.2.1` for `::ffff:192.0.2.1`. Any other text is returned unchanged. */
export function plainHost(host: string): string {
  return host.replace(mapped, '');
}

/** Both spellings of an IPv4 address, plain and mapped; for any other host the same text twice. */
export function hostForms(host: string): [plain: string, mapped: string] {
  const plain = plainHost(host);
  return [plain, isIP(plain) === 4 ? `::ffff:${plain}` : plain];
}

/**
 * Returns a test whether a stored host name names this host: the same text, or an address that is part of it. Old versions of
 * dionaea write the attacker's address only there.
 */
export function namesRemoteHost(host: string): (hostname: string) => boolean {
  const forms = new Set(hostForms(host));
  return (hostname) => forms.has(hostname) || addresses.in(hostname).some((address) => forms.has(address));
}
