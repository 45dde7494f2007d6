import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INCIDENTS_AN_ATTACK, writeRecording } from '../recorded-attacks.ts';

/** A file that grows as if a dionaea wrote it. */
export interface SensorFile {
  readonly incidents: number;
  /** Writes until this fraction of the content is in the file (0 to 1), possibly up to the middle of a line. */
  writeUpTo(part: number): void;
}

/** Prepares a file with about this many incidents of complete attacks. */
export async function sensorFile(file: string, incidents: number): Promise<SensorFile> {
  const attacks = Math.ceil(incidents / INCIDENTS_AN_ATTACK);
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-recorded-'));
  await writeRecording(join(folder, 'all'), attacks);
  const all = readFileSync(join(folder, 'all'));
  rmSync(folder, { recursive: true });
  let written = 0;
  return {
    incidents: attacks * INCIDENTS_AN_ATTACK,
    writeUpTo(part) {
      const end = Math.floor(all.length * Math.min(part, 1));
      if (end > written) appendFileSync(file, all.subarray(written, end));
      written = Math.max(written, end);
    },
  };
}
