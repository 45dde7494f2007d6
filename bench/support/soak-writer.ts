import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { attackLines, INCIDENTS_AN_ATTACK } from '../../test/support/recorded-attacks.ts';

/** The interval of rotation, in milliseconds. */
const ROTATE = 60_000;

/**
 * Writes attacks to a file at `rate` incidents per second for some minutes, and renames it every minute as logrotate does, with
 * two old parts. Returns the number of attacks.
 */
export async function writeAttacks(file: string, rate: number, minutes: number): Promise<number> {
  const began = performance.now();
  let target = openSync(file, 'a');
  let rotated = 0;
  let attacks = 0;
  for (let elapsed = 0; elapsed < minutes * 60_000; elapsed = performance.now() - began) {
    for (const due = (elapsed * rate) / 1000 / INCIDENTS_AN_ATTACK; attacks < due; attacks += 1)
      writeSync(target, `${attackLines(attacks)}\n`);
    if (Math.floor(elapsed / ROTATE) > rotated) {
      rotated += 1;
      if (existsSync(`${file}.1`)) renameSync(`${file}.1`, `${file}.2`);
      renameSync(file, `${file}.1`);
      closeSync(target);
      target = openSync(file, 'a');
    }
    await wait(5);
  }
  closeSync(target);
  return attacks;
}
