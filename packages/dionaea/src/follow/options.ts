import { parseOptions } from '@ihandler/core';
import { absolutePath, followShape } from '@ihandler/source-kit';
import { z } from 'zod';
import { optionsSchema, rootOption } from '../options.ts';

/** Options of the source that follows a file. */
export interface DionaeaFollowOptions {
  /** The file that log_incident writes, as an absolute path. It need not exist yet. */
  readonly file: string;
  /** Name of the sensor that writes it; dionaea does not write it. @default the sensor of the host */
  readonly sensor?: string;
  /** Longest accepted line, such as `1MiB`. @default "16MiB" */
  readonly maxLine?: string;
  /** Deepest accepted nesting of a line. @default 100 */
  readonly maxDepth?: number;
  /** As in `DionaeaOptions`: sensor's folder → local folder, for the paths of samples and reports. */
  readonly paths?: Readonly<Record<string, string>>;
  /** Folder in which relative paths of samples start. @default the folder around `var/lib/dionaea` in the path of the file */
  readonly root?: string;
  /** Folder to which a rotation moves earlier parts, such as `olddir` of logrotate, when it is far from the file. @default folders near it */
  readonly rotatedTo?: string;
  /** How often to check the file, such as `250ms`. @default "250ms" */
  readonly poll?: string;
  /** Where to start on the first run, when the file already exists. @default "beginning" */
  readonly start?: 'beginning' | 'end';
  /** Whether the files that incidents name are on another machine; handlers then do not open them. @default false */
  readonly remote?: boolean;
}

const { sensor, maxDepth, paths } = optionsSchema.shape;

/** The options that both live sources have. */
export const liveShape = {
  sensor,
  paths,
  root: rootOption('the folder around var/lib/dionaea in the path of the file'),
  remote: z
    .boolean()
    .default(false)
    .describe(
      'Whether the files that incidents name are on another machine; handlers then do not open them.',
    ),
};

/** The schema of the options, which the manifest in package.json repeats as JSON Schema. */
export const followSchema = z.strictObject({
  file: absolutePath(
    'File that log_incident writes. It need not exist yet.',
    '/opt/dionaea/var/lib/dionaea/dionaea_incident.json',
  ),
  ...liveShape,
  maxLine: followShape.maxLine,
  maxDepth,
  rotatedTo: followShape.rotatedTo.meta({ ...followShape.rotatedTo.meta(), examples: ['/srv/logs/dionaea'] }),
  poll: followShape.poll,
  start: followShape.start,
});

/** Parsed options: defaults are filled in, durations are in milliseconds, sizes in bytes. */
export type FollowSettings = z.output<typeof followSchema>;

/** Parses the options; throws `OPTIONS_INVALID` that lists all problems. */
export function readFollowOptions(options: unknown): FollowSettings {
  return parseOptions(followSchema, options, 'dionaea-follow');
}
