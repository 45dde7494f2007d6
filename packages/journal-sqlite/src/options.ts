import { type JournalDamage, parseOptions } from '@ihandler/core';
import { ageOption, sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';

/** The options as a user writes them in a configuration. Manifest and README come from here. */
export const optionsSchema = z.strictObject({
  file: z
    .string('expected the path of a file')
    .min(1, 'expected the path of a file')
    .regex(/^[^~\0][^\0]*$/, 'expected the path of a file; "~" is not expanded, write the folder')
    .meta({
      description: 'The SQLite file: made when it is not there, in a folder that is.',
      // The program makes it absolute, starting at the folder of the configuration.
      format: 'path',
      examples: ['journal.sqlite'],
    }),
  keep: ageOption('30d')
    .prefault('30d')
    .describe('How long incidents are kept after they were accepted, if every instance has had them: "30d".'),
  maxSize: sizeOption('2GiB')
    .prefault('2GiB')
    .describe(
      'How large the journal may grow: then the oldest incidents go, also those that somebody waits for.',
    ),
  minFree: sizeOption('1GiB')
    .prefault('1GiB')
    .describe(
      'How much of the disk stays free: with less, the journal takes nothing until there is room again.',
    ),
  keepCursors: ageOption('90d')
    .prefault('90d')
    .describe('How long the place of an instance is kept that does not run any more while others do: "90d".'),
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
  /** The SQLite file: made when it is not there, in a folder that is. A few files with the same beginning lie beside it. */
  readonly file: string;
  /** How long incidents are kept after they were accepted, if every instance has had them. Units h, d, w, y. @default '30d' */
  readonly keep?: string;
  /** How large the journal may grow: then the oldest incidents go, handled or not. Units kB, MB, GB, TB, KiB, MiB, GiB, TiB. @default '2GiB' */
  readonly maxSize?: string;
  /** How much of the disk stays free: with less, `append` rejects with `JOURNAL_FULL`. Units as above. @default '1GiB' */
  readonly minFree?: string;
  /** How long the cursor and dead letters of an instance are kept that does not run any more while others do. @default '90d' */
  readonly keepCursors?: string;
  /** Milliseconds since the Unix epoch, for the time of acceptance. @default Date.now */
  readonly now?: () => number;
  /** How many bytes a user may still write in a folder; asked at most once a second. @default what the file system says */
  readonly freeBytes?: (folder: string) => number;
  /** Told, while `open` runs, that a damaged journal was set aside. @default nobody is told: see the property `damage` */
  readonly onDamage?: (report: JournalDamage) => void;
}

/** The options after the door: ages in milliseconds, sizes in bytes. */
export type Settings = Readonly<z.output<typeof programSchema>>;

/** Parses what a user wrote; throws `OPTIONS_INVALID` with everything that does not fit. */
export function parseJournalOptions(input: unknown): Settings {
  return parseOptions(programSchema, input, 'journal-sqlite');
}
