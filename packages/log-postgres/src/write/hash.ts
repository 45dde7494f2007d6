import { createHash } from 'node:crypto';
import type { ConnectionKey } from '@ihandler/attack-log';

/** The hash of a connection: 128 bits of SHA-256 as a uuid, because a key may have any length. */
export function keyHash(key: ConnectionKey): string {
  const hex = createHash('sha256').update(key).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

const MOST = 10_000;
const streams = new Map<string, string>();

/** The hash of a stream: 64 bits of SHA-256 as a bigint in decimal. */
export function streamHash(stream: string): string {
  const known = streams.get(stream);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(stream).digest().readBigInt64BE().toString();
  if (streams.size >= MOST) streams.clear();
  if (stream.length < 200) streams.set(stream, hash);
  return hash;
}
