import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INCIDENTS_AN_ATTACK, writeRecording } from '../recorded-attacks.ts';

/** A file that a dionaea is writing. */
export interface SensorFile {
  readonly incidents: number;
  /** Writes on until this part of all of it is there (0 to 1), also in the middle of a line. */
  writeUpTo(part: number): void;
}

/** About so many incidents of whole attacks, which go into a file bit by bit. */
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
