import { IhandlerError } from '@ihandler/core';

/** Options of the journal. */
export interface JournalSqliteOptions {
  /** The SQLite file: made when it is not there, in a folder that is. A few files with the same beginning lie beside it. */
  readonly file: string;
  /** Milliseconds since the Unix epoch, for the time of acceptance. @default Date.now */
  readonly now?: () => number;
}

const checks: Readonly<Record<string, readonly [expected: string, fits: (value: unknown) => boolean]>> = {
  file: [
    'expected the path of a file',
    (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
  ],
  now: ['expected a function', (value) => value === undefined || typeof value === 'function'],
};

function found(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value)?.slice(0, 80) ?? typeof value);
}

/** Throws `OPTIONS_INVALID` with everything that does not fit; what fits comes back as it is. */
export function checkOptions(input: unknown): JournalSqliteOptions {
  const given: ReadonlyMap<string, unknown> = new Map(Object.entries(input ?? {}));
  const problems = [...new Set([...Object.keys(checks), ...given.keys()])].flatMap((key) => {
    const [expected, fits] = (Object.hasOwn(checks, key) ? checks[key] : undefined) ?? [
      'not an option of this journal',
      () => false,
    ];
    const value = given.get(key);
    return fits(value) ? [] : [`  ${key}: ${expected}; found ${found(value)}`];
  });
  if (problems.length > 0)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `journal-sqlite: these options do not fit:\n${problems.join('\n')}`,
    );
  // Safe: every key has just been checked.
  return input as JournalSqliteOptions;
}
