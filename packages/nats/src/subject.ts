import { createHash } from 'node:crypto';

/** A name as one token of a subject: what may not stand in one is `=` and the bytes in hexadecimal. */
export function subjectToken(name: string): string {
  const token = [...Buffer.from(name)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9_-]/.test(character) ? character : `=${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
  return token === '' ? '=' : token;
}

/** The partition of a sensor: the same on every machine, whatever its version. */
export function partitionOf(sensor: string, partitions: number): number {
  return createHash('sha256').update(sensor).digest().readUInt32BE(0) % partitions;
}

/** Makes the subject of an incident: `<prefix>.<partition>.<sensor>.<origin>`. */
export function createSubjects(
  prefix: string,
  partitions: number,
): (sensor: string, origin: string) => string {
  const starts = new Map<string, string>();
  return (sensor, origin) => {
    let start = starts.get(sensor);
    if (start === undefined) {
      start = `${prefix}.${partitionOf(sensor, partitions)}.${subjectToken(sensor)}.`;
      // A hub that relays may have many sensors: who floods it with new ones costs time, not memory.
      if (starts.size >= 10_000) starts.clear();
      starts.set(sensor, start);
    }
    return start + origin;
  };
}

/** What a partition's consumer asks for. */
export function partitionSubject(prefix: string, partition: number): string {
  return `${prefix}.${partition}.>`;
}
