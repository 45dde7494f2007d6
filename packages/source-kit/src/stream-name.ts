import { createHash } from 'node:crypto';

/**
 * The name of a stream: a hash of the parts that identify it. Parts are hashed with their lengths, so that different parts
 * never give the same text, and the name reveals nothing about them.
 */
export function streamName(kind: string, sensor: string, ...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256').update(JSON.stringify([kind, sensor]));
  for (const part of parts) hash.update(`\n${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 20);
}
