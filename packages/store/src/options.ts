import { isAbsolute } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';

const folder = z
  .string('expected the path of a folder')
  .min(1, 'expected the path of a folder')
  .refine((path) => isAbsolute(path) && !path.includes('\0'), 'expected an absolute path')
  .meta({ format: 'path' });

/** The options as a user writes them. Manifest and README come from here. */
export const optionsSchema = z.strictObject({
  from: z
    .array(folder)
    .min(1, 'expected at least one folder')
    .describe(
      "The folders that samples may be read from, best dionaea's own for binaries. No other file is ever opened.",
    )
    .meta({ examples: [['/opt/dionaea/var/lib/dionaea/binaries']] }),
  folder: folder
    .optional()
    .describe('Where samples are kept. Default: the folder "samples" in the folder of this instance.'),
  maxFile: sizeOption('100MiB')
    .default(100 * 2 ** 20)
    .describe('The largest sample that is kept: "100MiB". Larger ones are refused.'),
  maxTotal: sizeOption('50GB')
    .optional()
    .describe(
      'How much is kept before the oldest samples go: "50GB". Default: 10 GiB, or a tenth of the volume if that is less.',
    ),
  mode: z
    .string('expected the permissions in quotes: "0400"')
    .regex(
      /^0?[0-6][04]0$/,
      'expected permissions without execution and without others, such as "0400" or "0440"',
    )
    .default('0400')
    .transform((text) => Number.parseInt(text, 8))
    .describe('The permissions of a kept sample, in octal digits. Never executable, never for others.'),
  group: z
    .union([z.string().regex(/^[A-Za-z_][\w.-]{0,31}$/, 'expected the name of a group'), z.int().min(0)])
    .optional()
    .describe('The group that samples and their folder belong to, by name or number.'),
});

/** Options of {@link store}. */
export type StoreOptions = Readonly<z.input<typeof optionsSchema>>;

/** The options after the door: sizes in bytes, `mode` a number. */
export type Settings = Readonly<z.output<typeof optionsSchema>>;

/** Parses what a user wrote; throws `OPTIONS_INVALID`. */
export function readOptions(options: unknown): Settings {
  return parseOptions(optionsSchema, options, 'store');
}
