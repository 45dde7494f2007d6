import { isAbsolute } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { z } from 'zod';
import { optionsSchema } from '../options.ts';

/** Options of the source that follows a file. */
export interface DionaeaFollowOptions {
  /** The file that log_incident writes, as an absolute path. It need not exist yet. */
  readonly file: string;
  /** The sensor that writes it: dionaea itself does not say. @default the sensor of the host */
  readonly sensor?: string;
  /** The longest line that is read, in bytes. @default 1048576 */
  readonly maxLine?: number;
  /** How deep a line may nest. @default 100 */
  readonly maxDepth?: number;
  /** As in `DionaeaOptions`: sensor's folder → ours, for the paths of samples and reports. */
  readonly paths?: Readonly<Record<string, string>>;
  /** How often the file is looked at, in milliseconds. @default 250 */
  readonly poll?: number;
  /** Where to begin in a file that was there before this source ever ran. @default "beginning" */
  readonly start?: 'beginning' | 'end';
  /** Whether the files that incidents name are on another machine: no handler opens them then. @default false */
  readonly remote?: boolean;
}

const { sensor, maxLine, maxDepth, paths } = optionsSchema.shape;

/** What the two live sources have in common. */
export const liveShape = {
  sensor,
  paths,
  remote: z
    .boolean()
    .default(false)
    .describe('Whether the files that incidents name are on another machine: no handler opens them then.'),
};

/** A path that the program has made absolute. */
export function absolutePath(description: string) {
  return z.string().refine(isAbsolute, 'expected an absolute path').meta({ description, format: 'path' });
}

/** The options as JSON Schema sees them; the manifest in package.json repeats it. */
export const followSchema = z.strictObject({
  file: absolutePath('The file that log_incident writes. It need not exist yet.'),
  ...liveShape,
  maxLine,
  maxDepth,
  poll: z.int().min(1).max(60_000).default(250).describe('How often the file is looked at, in milliseconds.'),
  start: z
    .enum(['beginning', 'end'])
    .default('beginning')
    .describe('Where to begin in a file that was there before this source ever ran.'),
});

/** Options with their defaults. */
export type FollowSettings = z.output<typeof followSchema>;

/** Checks what a user wrote; throws `OPTIONS_INVALID` with all problems. */
export function readFollowOptions(options: unknown): FollowSettings {
  return parseOptions(followSchema, options, 'dionaea-follow');
}
