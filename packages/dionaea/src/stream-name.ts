import { createHash } from 'node:crypto';

/**
 * The name of a stream: a hash of what makes it this stream and no other. The parts are told apart, and a name says
 * nothing about them.
 */
export function streamName(kind: string, sensor: string, ...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256').update(JSON.stringify([kind, sensor]));
  for (const part of parts) hash.update(`\n${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 20);
}
