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
  sampleFolders: z
    .array(folder.meta({ format: 'path', access: 'read' }))
    .min(1, 'expected at least one folder')
    .describe(
      "Folders that samples may be read from, usually dionaea's folder for binaries. No other file is opened.",
    )
    .meta({ examples: [['/opt/dionaea/var/lib/dionaea/binaries']] }),
  folder: folder
    .optional()
    .describe('Folder that stores the samples. Default: "samples" in the data folder of this instance.'),
  maxSampleSize: sizeOption('100MiB')
    .prefault('100MiB')
    .describe('Size of the largest sample to store: "100MiB". Larger samples are rejected.'),
  maxSize: sizeOption('50GB')
    .optional()
    .describe(
      'Size of all samples together: "50GB". Deletes the oldest samples beyond it. Default: 10 GiB, or a tenth of the volume if that is less.',
    ),
  mode: z
    .string('expected the permissions in quotes: "0400"')
    .regex(
      /^0?[0-6][04]0$/,
      'expected permissions without execution and without others, such as "0400" or "0440"',
    )
    .default('0400')
    .transform((text) => Number.parseInt(text, 8))
    .describe('Permissions of a stored sample, in octal digits. Never executable, never for others.'),
  group: z
    .union([z.string().regex(/^[A-Za-z_][\w.-]{0,31}$/, 'expected the name of a group'), z.int().min(0)])
    .optional()
    .describe('Group that owns the samples and their folder, by name or number.'),
});

/** Options of {@link store}. */
export type StoreOptions = Readonly<z.input<typeof optionsSchema>>;

/** The parsed options: sizes in bytes, `mode` a number. */
export type Settings = Readonly<z.output<typeof optionsSchema>>;

/** Parses the options of a user. Throws `OPTIONS_INVALID`. */
export function readOptions(options: unknown): Settings {
  return parseOptions(optionsSchema, options, 'store');
}
