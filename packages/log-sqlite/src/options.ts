import { resolve } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { ageOption, sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';

/** The options as a user writes them. The manifest and the README follow this schema. */
export const optionsSchema = z.strictObject({
  file: z
    .string('expected the path of the database')
    .min(1, 'expected the path of the database')
    .regex(/^[^~\0]/, 'expected a path; "~" is not expanded, write the whole path')
    .meta({
      description: 'Database file. Created if it does not exist; its folder must exist.',
      // The program resolves a relative path against the folder of the configuration.
      format: 'path',
      examples: ['dionaea.sqlite'],
    }),
  journalMode: z
    .enum(['wal', 'delete'], 'expected "wal" or "delete"')
    .default('wal')
    .describe('"delete" for file systems without shared memory, such as network file systems. It is slower.'),
  keep: ageOption('90d')
    .optional()
    .describe('How long to keep attacks after their last connection: "90d". Default: for ever.'),
  maxSize: sizeOption('2GB')
    .optional()
    .describe(
      'Maximum size of the database: above it, the oldest attacks are deleted: "2GB". Default: no limit.',
    ),
  adopt: z
    .union([z.boolean(), z.literal('checked')], 'expected true, false or "checked"')
    .default(false)
    .describe(
      'Write to a database that dionaea wrote, after making a backup beside it. "checked": also where this user cannot see which files another process has open; you have checked as root that none has this one open.',
    ),
  mode: z
    .string('expected the permissions in quotes: "0640"')
    .regex(/^0?[0-7]{3}$/, 'expected permissions in octal digits such as "0640"')
    .default('0640')
    .transform((text) => Number.parseInt(text, 8))
    .describe('Permissions of a new database, in octal digits.'),
});

/** Options of {@link logSqlite}. */
export type LogSqliteOptions = Readonly<z.input<typeof optionsSchema>>;

/** The parsed options: `file` absolute, `keep` in milliseconds, `maxSize` in bytes, `mode` a number. */
export type Settings = Readonly<z.output<typeof optionsSchema>>;

/** Parses options; throws `OPTIONS_INVALID`. */
export function parseLogSqliteOptions(options: unknown): Settings {
  const settings = parseOptions(optionsSchema, options, 'log-sqlite');
  return { ...settings, file: resolve(settings.file) };
}
