import { isIhandlerError } from '@ihandler/core';

/** What the program's exit code says; the same words stand in `--help` and in the README. */
export const exitCodes = {
  ok: 0,
  nothing: 1,
  usage: 2,
  partly: 3,
  unusable: 4,
  interrupted: 130,
} as const;

/** Each exit code with its meaning, for help. */
export const exitCodeMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [exitCodes.ok, 'all went well'],
  [exitCodes.nothing, 'nothing matched'],
  [exitCodes.usage, 'wrong usage or configuration; nothing was done'],
  [
    exitCodes.partly,
    'finished, but some input was rejected or some incidents are dead letters; of status, doctor and journal check: somebody should look at it',
  ],
  [exitCodes.unusable, 'not finished: a handler or a file could not be used'],
  [exitCodes.interrupted, 'interrupted; the same command goes on where it was'],
];

const usageCodes = new Set<string>([
  'CONTRACT_UNKNOWN',
  'GLOB_INVALID',
  'HANDLER_INVALID',
  'OPTIONS_INVALID',
  'ORIGIN_UNDECLARED',
]);

/** The exit code for an error that ends the program. */
export function exitCodeOf(error: unknown): number {
  return isIhandlerError(error) && usageCodes.has(error.code) ? exitCodes.usage : exitCodes.unusable;
}
