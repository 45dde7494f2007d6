import type { ConnectionKey } from '@ihandler/attack-log';

/** A 32-bit hash (FNV-1a from a seed) by which rows of a connection are looked up; the rows found are compared in full. */
export function keyHash(key: ConnectionKey, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash;
}
