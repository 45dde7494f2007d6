import { isAbsolute } from 'node:path';
import { type FileSourceOptions, parseOptions } from '@ihandler/core';
import { z } from 'zod';

/** Options of the source. */
export interface DionaeaOptions extends FileSourceOptions {
  /** An absolute path, or `-` for standard input. Gzipped or not: the content says so, not the name. */
  readonly file: string;
  /** The sensor that wrote the file: dionaea itself does not say. @default the sensor of the host */
  readonly sensor?: string;
  /** The longest line that is read, in bytes. @default 1048576 */
  readonly maxLine?: number;
  /** How deep a line may nest. @default 100 */
  readonly maxDepth?: number;
  /** What the file holds. @default "auto" */
  readonly format?: 'auto' | 'log_incident' | 'database';
  /**
   * Where the sensor's folders are on this machine: sensor's folder → ours, for the paths of samples and reports.
   * `"."` stands for names without a folder.
   */
  readonly paths?: Readonly<Record<string, string>>;
}

/** The options as JSON Schema sees them; the manifest in package.json repeats it. */
export const optionsSchema = z.strictObject({
  file: z
    .string()
    .refine(
      (file) => file === '-' || isAbsolute(file),
      'expected an absolute path, or "-" for standard input',
    )
    .describe('An absolute path, or "-" for standard input.'),
  sensor: z.string().min(1).max(200).optional().describe('The sensor that wrote the file.'),
  maxLine: z
    .int()
    .min(1)
    .max(256 * 1024 * 1024)
    .default(1024 * 1024)
    .describe('The longest line that is read, in bytes.'),
  maxDepth: z.int().min(2).max(1000).default(100).describe('How deep a line may nest.'),
  format: z.enum(['auto', 'log_incident', 'database']).default('auto').describe('What the file holds.'),
  paths: z
    .record(z.string().min(1), z.string().min(1))
    .optional()
    .describe("The sensor's folders and where they are on this machine."),
});

/** Options with their defaults. */
export type Settings = z.output<typeof optionsSchema>;

/** Checks what a user wrote; throws `OPTIONS_INVALID` with all problems. */
export function readOptions(options: unknown): Settings {
  return parseOptions(optionsSchema, options, 'dionaea');
}
