import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createIncident, type Incident } from '@ihandler/core';

let ordinal = 0;

const hash = (algorithm: string, bytes: Uint8Array | string): string =>
  createHash(algorithm).update(bytes).digest('hex');

/** The facts of a captured file. */
export interface Captured {
  readonly md5: string;
  readonly sha256?: string;
  readonly file?: string;
  readonly local?: true;
  readonly origin?: 'hash' | 'again' | 'unique';
}

/** The incident that a sensor reports for a captured file. */
export function captured({ md5, sha256, file = '', local, origin = 'unique' }: Captured): Incident {
  ordinal += 1;
  return createIncident({
    id: `stream:${ordinal}`,
    origin: `dionaea.download.complete.${origin}`,
    timestamp: 0,
    sensor: 'far-away',
    data: { file, url: '', md5hash: md5, ...(sha256 && { sha256hash: sha256 }) },
    local,
  });
}

/** The incident that a store reports for a new sample. */
export function stored(
  hashes: { md5: string; sha256: string },
  size: number,
  type: string,
  file = '/gone',
): Incident {
  ordinal += 1;
  return createIncident({
    id: `stream:${ordinal}`,
    origin: 'ihandler.sample.stored',
    timestamp: 0,
    sensor: 'far-away',
    data: { sha1: '0'.repeat(40), size, type, file, url: '', ...hashes },
  });
}

/** Writes a file as a sensor does, named by its MD5. Returns its hashes and its path. */
export function capture(folder: string, bytes: Uint8Array | string) {
  const hashes = { md5: hash('md5', bytes), sha256: hash('sha256', bytes) };
  const file = join(folder, hashes.md5);
  writeFileSync(file, bytes);
  return { ...hashes, file };
}
