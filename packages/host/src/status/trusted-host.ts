import { isIP } from 'node:net';
import { hostname } from 'node:os';

/** The name in a `Host` header, without its port and brackets, in lower case. */
function nameIn(header: string): string {
  return header
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
}

/**
 * Whether a request names this server: an address, `localhost`, the name of this machine or one of `names`. A page of another
 * site that a browser on this machine shows can only send the name of that site, also when its DNS leads here (rebinding).
 */
export function isTrustedHost(header: string | undefined, names: readonly string[]): boolean {
  if (header === undefined) return true; // no browser: HTTP/1.1 needs it, and browsers send it
  const name = nameIn(header);
  const own = hostname().toLowerCase();
  return (
    isIP(name) !== 0 ||
    name === 'localhost' ||
    name.endsWith('.localhost') ||
    name === own ||
    name === own.split('.')[0] ||
    names.some((each) => each.toLowerCase() === name)
  );
}
