import { createHash } from 'node:crypto';

/** A connection as old readers name it: a decimal number, the first 48 bits of a hash of its id. */
export function connectionRef(id: string): string {
  return String(createHash('sha256').update(id).digest().readUIntBE(0, 6));
}
