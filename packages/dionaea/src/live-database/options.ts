import { parseOptions } from '@ihandler/core';
import { durationOption } from '@ihandler/core/kit';
import { absolutePath } from '@ihandler/source-kit';
import { z } from 'zod';
import { liveShape } from '../follow/options.ts';

/** Options of the source that follows a database. */
export interface DionaeaDatabaseOptions {
  /** The database that dionaea's log_sqlite writes, as an absolute path. It need not exist yet. */
  readonly file: string;
  /** Name of the sensor that writes it; dionaea does not write it. @default the sensor of the host */
  readonly sensor?: string;
  /** As in `DionaeaOptions`: sensor's folder → local folder; `"."` stands for samples, which the database names without a folder. */
  readonly paths?: Readonly<Record<string, string>>;
  /** Folder in which relative paths of samples start. @default the folder around `var/lib/dionaea` in the path of the file */
  readonly root?: string;
  /** How often to check the database, such as `1s`. @default "1s" */
  readonly poll?: string;
  /** Whether the files that incidents name are on another machine; handlers then do not open them. @default false */
  readonly remote?: boolean;
}

/** The schema of the options, which the manifest in package.json repeats as JSON Schema. */
export const liveDatabaseSchema = z.strictObject({
  file: absolutePath(
    "Database that dionaea's log_sqlite writes. It need not exist yet.",
    '/opt/dionaea/var/lib/dionaea/dionaea.sqlite',
  ),
  ...liveShape,
  poll: durationOption('1s', { min: '1ms', max: '1h' })
    .prefault('1s')
    .describe('How often to check the database.'),
});

/** Parsed options: defaults are filled in, durations are in milliseconds. */
export type LiveDatabaseSettings = z.output<typeof liveDatabaseSchema>;

/** Parses the options; throws `OPTIONS_INVALID` that lists all problems. */
export function readLiveDatabaseOptions(options: unknown): LiveDatabaseSettings {
  return parseOptions(liveDatabaseSchema, options, 'dionaea-database');
}
