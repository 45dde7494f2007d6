import { createHash } from 'node:crypto';

/** The number by which a legacy stanza names a connection: the first 48 bits of a hash of its id, in decimal. */
export function connectionRef(id: string): string {
  return String(createHash('sha256').update(id).digest().readUIntBE(0, 6));
}
