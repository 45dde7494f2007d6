import { isIhandlerError } from '@ihandler/core';

/** The exit codes of the program; `--help` and the README list them with the same words. */
export const exitCodes = {
  ok: 0,
  nothing: 1,
  usage: 2,
  partly: 3,
  unusable: 4,
  blocked: 5,
  interrupted: 130,
} as const;

/** Each exit code with its meaning, for help. */
export const exitCodeMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [exitCodes.ok, 'success'],
  [exitCodes.nothing, 'nothing matched'],
  [exitCodes.usage, 'invalid usage or configuration; nothing was done'],
  [
    exitCodes.partly,
    'finished with rejected input or dead letters; status, doctor and journal check: needs attention',
  ],
  [exitCodes.unusable, 'not finished: a handler or a file could not be used'],
  [exitCodes.blocked, 'a handler blocked the program for too long; start it again to continue'],
  [exitCodes.interrupted, 'interrupted; run the same command again to resume'],
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
