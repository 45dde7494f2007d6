import { resolve } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { ageOption, sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';

/** The options as a user writes them. Manifest and README come from here. */
export const optionsSchema = z.strictObject({
  file: z
    .string('expected the path of the database')
    .min(1, 'expected the path of the database')
    .regex(/^[^~\0]/, 'expected a path; "~" is not expanded, write the folder')
    .meta({
      description: 'The database, best as an absolute path. Made when it does not exist; its folder must.',
      // The program makes it absolute, starting at the folder of the configuration.
      format: 'path',
      examples: ['dionaea.sqlite'],
    }),
  journalMode: z
    .enum(['wal', 'delete'], 'expected "wal" or "delete"')
    .default('wal')
    .describe('"delete" for folders where SQLite cannot share memory (network file systems); it is slower.'),
  keep: ageOption('90d')
    .optional()
    .describe('How long attacks are kept after their last connection: "90d". Default: for ever.'),
  maxSize: sizeOption('2GB')
    .optional()
    .describe('How large the database may grow before the oldest attacks go: "2GB". Default: no limit.'),
  adopt: z
    .boolean('expected true or false')
    .default(false)
    .describe('Write into a database that dionaea wrote: a backup is made beside it first.'),
  mode: z
    .string('expected the permissions in quotes: "0640"')
    .regex(/^0?[0-7]{3}$/, 'expected permissions in octal digits such as "0640"')
    .default('0640')
    .transform((text) => Number.parseInt(text, 8))
    .describe('The permissions of a new database, in octal digits.'),
});

/** Options of {@link logSqlite}. */
export type LogSqliteOptions = Readonly<z.input<typeof optionsSchema>>;

/** The options after the door: `file` absolute, `keep` in milliseconds, `maxSize` in bytes, `mode` a number. */
export type Settings = Readonly<z.output<typeof optionsSchema>>;

/** Parses what a user wrote; throws `OPTIONS_INVALID`. */
export function parseLogSqliteOptions(options: unknown): Settings {
  const settings = parseOptions(optionsSchema, options, 'log-sqlite');
  return { ...settings, file: resolve(settings.file) };
}
