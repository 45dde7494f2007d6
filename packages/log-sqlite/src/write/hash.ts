import type { ConnectionKey } from '@ihandler/attack-log';

/** A seeded 32-bit hash (FNV-1a) for the index on connections. Compare the rows it finds with the full key. */
export function keyHash(key: ConnectionKey, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let at = 0; at < key.length; at += 1) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash;
}
