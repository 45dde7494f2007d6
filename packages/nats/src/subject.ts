import { createHash } from 'node:crypto';

/** Encodes a name as one token of a subject: bytes that a token must not contain become `=` and two hexadecimal digits. */
export function subjectToken(name: string): string {
  const token = [...Buffer.from(name)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9_-]/.test(character) ? character : `=${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
  return token === '' ? '=' : token;
}

/** The partition of a sensor: the same on every machine and in every version. */
export function partitionOf(sensor: string, partitions: number): number {
  return createHash('sha256').update(sensor).digest().readUInt32BE(0) % partitions;
}

/** Returns a function that builds the subject of an incident: `<prefix>.<partition>.<sensor>.<origin>`. */
export function createSubjects(
  prefix: string,
  partitions: number,
): (sensor: string, origin: string) => string {
  const starts = new Map<string, string>();
  return (sensor, origin) => {
    let start = starts.get(sensor);
    if (start === undefined) {
      start = `${prefix}.${partitionOf(sensor, partitions)}.${subjectToken(sensor)}.`;
      // A hub that relays may have many sensors; a flood of new names must not fill the memory.
      if (starts.size >= 10_000) starts.clear();
      starts.set(sensor, start);
    }
    return start + origin;
  };
}

/** The subjects of a partition, with a wildcard. */
export function partitionSubject(prefix: string, partition: number): string {
  return `${prefix}.${partition}.>`;
}
