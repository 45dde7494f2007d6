import { parseOptions } from '@ihandler/core';
import { z } from 'zod';
import { absolutePath, liveShape } from '../follow/options.ts';

/** Options of the source that follows a database. */
export interface DionaeaDatabaseOptions {
  /** The database that dionaea's log_sqlite writes, as an absolute path. It need not exist yet. */
  readonly file: string;
  /** The sensor that writes it: dionaea itself does not say. @default the sensor of the host */
  readonly sensor?: string;
  /** As in `DionaeaOptions`: sensor's folder → ours; `"."` stands for samples, which the database names without a folder. */
  readonly paths?: Readonly<Record<string, string>>;
  /** How often it is looked at, in milliseconds. @default 1000 */
  readonly poll?: number;
  /** Whether the files that incidents name are on another machine: no handler opens them then. @default false */
  readonly remote?: boolean;
}

/** The options as JSON Schema sees them; the manifest in package.json repeats it. */
export const liveDatabaseSchema = z.strictObject({
  file: absolutePath("The database that dionaea's log_sqlite writes. It need not exist yet."),
  ...liveShape,
  poll: z.int().min(1).max(3_600_000).default(1000).describe('How often it is looked at, in milliseconds.'),
});

/** Options with their defaults. */
export type LiveDatabaseSettings = z.output<typeof liveDatabaseSchema>;

/** Checks what a user wrote; throws `OPTIONS_INVALID` with all problems. */
export function readLiveDatabaseOptions(options: unknown): LiveDatabaseSettings {
  return parseOptions(liveDatabaseSchema, options, 'dionaea-database');
}
