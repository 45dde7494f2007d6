import { isAbsolute } from 'node:path';
import { type FileSourceOptions, parseOptions } from '@ihandler/core';
import { readShape } from '@ihandler/source-kit';
import { z } from 'zod';

/** Options of the source. */
export interface DionaeaOptions extends FileSourceOptions {
  /** An absolute path, or `-` for standard input. The content, not the name, shows whether it is gzipped. */
  readonly file: string;
  /** Name of the sensor that wrote the file; dionaea does not write it. @default the sensor of the host */
  readonly sensor?: string;
  /** Longest line whose values are not cut, such as `1MiB`. @default "16MiB" */
  readonly maxLine?: string;
  /** Deepest accepted nesting of a line. @default 100 */
  readonly maxDepth?: number;
  /** Format of the file. @default "auto" */
  readonly format?: 'auto' | 'log_incident' | 'database';
  /**
   * Where the sensor's folders are on this machine: sensor's folder → local folder, for the paths of samples and reports.
   * `"."` stands for names without a folder.
   */
  readonly paths?: Readonly<Record<string, string>>;
  /** Folder in which relative paths of samples start. @default with `local`, the folder around `var/lib/dionaea` in the path of the file */
  readonly root?: string;
  /** Whether the files that the incidents name are on this machine, so that handlers such as `store` may open them. @default false */
  readonly local?: boolean;
}

/** The option `root`, with what holds where it is not set. */
export function rootOption(preset: string) {
  return z
    .string()
    .refine(isAbsolute, 'expected an absolute path')
    .optional()
    .describe(`Folder in which relative paths of samples start. Default: ${preset}.`);
}

/** The schema of the options, which the manifest in package.json repeats as JSON Schema. */
export const optionsSchema = z.strictObject({
  ...readShape,
  maxDepth: z.int().min(2).max(1000).default(100).describe('Deepest accepted nesting of a line.'),
  format: z
    .enum(['auto', 'log_incident', 'database'])
    .default('auto')
    .describe('Format of the file; "auto" detects it from the content.'),
  paths: z
    .record(z.string().min(1), z.string().min(1))
    .optional()
    .describe("Where the sensor's folders are on this machine: sensor's folder to local folder."),
  root: rootOption('with "local", the folder around var/lib/dionaea in the path of the file'),
  local: z
    .boolean()
    .default(false)
    .describe('Whether the files that the incidents name are on this machine; handlers then may open them.'),
});

/** Parsed options: defaults are filled in, sizes are in bytes. */
export type Settings = z.output<typeof optionsSchema>;

/** Parses the options; throws `OPTIONS_INVALID` that lists all problems. */
export function readOptions(options: unknown): Settings {
  return parseOptions(optionsSchema, options, 'dionaea');
}
