import { type JournalDamage, parseOptions } from '@ihandler/core';
import { ageOption, sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';

/** The options as a user writes them in a configuration. The manifest comes from here. */
export const optionsSchema = z.strictObject({
  file: z
    .string('expected the path of a file')
    .min(1, 'expected the path of a file')
    .regex(/^[^~\0][^\0]*$/, 'expected the path of a file; "~" is not expanded, write the folder')
    .meta({
      description: 'Path of the SQLite file. The file is created; its folder must exist.',
      // The host resolves it from the folder of the configuration.
      format: 'path',
      examples: ['journal.sqlite'],
    }),
  keep: ageOption('30d')
    .prefault('30d')
    .describe(
      'How long to keep an incident after its acceptance, once every instance has handled it: "30d".',
    ),
  maxSize: sizeOption('2GiB')
    .prefault('2GiB')
    .describe(
      'Size of the journal at which the oldest incidents are deleted, even if an instance has not handled them.',
    ),
  minFree: sizeOption('1GiB')
    .prefault('1GiB')
    .describe(
      'Disk space to leave free. With less, the journal accepts no incidents until there is space again.',
    ),
  keepCursors: ageOption('90d')
    .prefault('90d')
    .describe('How long to keep the cursor of an instance that no longer runs while others do: "90d".'),
});

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

const programSchema = optionsSchema.extend({
  now: z.custom<() => number>(isFunction, 'expected a function').optional(),
  freeBytes: z.custom<(folder: string) => number>(isFunction, 'expected a function').optional(),
  onDamage: z.custom<(report: JournalDamage) => void>(isFunction, 'expected a function').optional(),
});

/** Options of the journal. */
export interface JournalSqliteOptions {
  /** Path of the SQLite file. The file is created, with a few files beside it; its folder must exist. */
  readonly file: string;
  /** How long to keep an incident after its acceptance, once every instance has handled it. Units h, d, w, y. @default '30d' */
  readonly keep?: string;
  /** Size at which the oldest incidents are deleted, handled or not. Units kB, MB, GB, TB, KiB, MiB, GiB, TiB. @default '2GiB' */
  readonly maxSize?: string;
  /** Disk space to leave free. With less, `append` rejects with `JOURNAL_FULL`. Units as above. @default '1GiB' */
  readonly minFree?: string;
  /** How long to keep the cursor and dead letters of an instance that no longer runs while others do. @default '90d' */
  readonly keepCursors?: string;
  /** Milliseconds since the Unix epoch, for the time of acceptance. @default Date.now */
  readonly now?: () => number;
  /** The bytes that a user may still write in a folder. Called at most once a second. @default asks the file system */
  readonly freeBytes?: (folder: string) => number;
  /** Called during `open` when a damaged journal was set aside. The property `damage` has the same report. */
  readonly onDamage?: (report: JournalDamage) => void;
}

/** The parsed options: ages in milliseconds, sizes in bytes. */
export type Settings = Readonly<z.output<typeof programSchema>>;

/** Parses the options of a user. Throws `OPTIONS_INVALID` with all problems. */
export function parseJournalOptions(input: unknown): Settings {
  return parseOptions(programSchema, input, 'journal-sqlite');
}
