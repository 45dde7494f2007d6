import { existsSync, renameSync, rmSync } from 'node:fs';

/** Called for each rotated file that gets another number. `to` is undefined when the file is removed. */
export type OnMoved = (from: number, to: number | undefined) => void;

/** The name of a rotated file: `incidents.log.1` is the newest. */
export function rotatedName(file: string, number: number): string {
  return `${file}.${number}`;
}

/** The name of a rotated file once it is compressed. */
export function compressedName(file: string, number: number): string {
  return `${file}.${number}.gz`;
}

/** Whether a file has this number, compressed or not. */
function isTaken(file: string, number: number): boolean {
  return existsSync(rotatedName(file, number)) || existsSync(compressedName(file, number));
}

/** How many numbers, from 1 without a gap, are taken. */
export function countRotated(file: string): number {
  let count = 0;
  while (isTaken(file, count + 1)) count += 1;
  return count;
}

function removeNumber(file: string, number: number, onMoved: OnMoved): void {
  for (const name of [rotatedName(file, number), compressedName(file, number)]) rmSync(name, { force: true });
  onMoved(number, undefined);
}

function moveNumber(file: string, from: number, to: number, onMoved: OnMoved): void {
  for (const name of [rotatedName, compressedName])
    if (existsSync(name(file, from))) renameSync(name(file, from), name(file, to));
  onMoved(from, to);
}

/**
 * Gives the file the number 1 and each rotated one the next, up to `maxFiles`; removes older ones. Synchronous, oldest
 * first, never onto an existing file: a crash or a failure in between leaves a gap, which the next rotation closes.
 */
export function shiftNames(file: string, maxFiles: number, onMoved: OnMoved): void {
  const count = countRotated(file);
  for (let number = count; number >= maxFiles; number -= 1) removeNumber(file, number, onMoved);
  for (let number = Math.min(count, maxFiles - 1); number >= 1; number -= 1)
    moveNumber(file, number, number + 1, onMoved);
  renameSync(file, rotatedName(file, 1));
}
