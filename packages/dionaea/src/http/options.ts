import { isAbsolute } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { sizeOption } from '@ihandler/core/kit';
import { checkPort, entrySchema, type HttpOptions, portShape, type Sender, sendersOf } from '@ihandler/http';
import { z } from 'zod';

const localSchema = z
  .boolean('expected true or false')
  .default(false)
  .describe('The files that its incidents name are on this machine.');

const samplesSchema = z.strictObject({
  from: z
    .array(z.string().refine(isAbsolute, 'expected the absolute path of a folder'))
    .min(1)
    .describe("The folders that samples may lie in, absolute: dionaea's download.dir."),
  into: z.string('expected the path of a folder').min(1).meta({
    description: 'Where they are linked to: a folder of its own on the same file system.',
    format: 'path',
  }),
  maxFiles: z.int().min(1).max(1_000_000).default(10_000).describe('How many are kept; the oldest go first.'),
  maxBytes: sizeOption('1GiB')
    .default(2 ** 30)
    .describe('How much of them is kept: "1GiB"; the oldest go first.'),
});

/** The options as JSON Schema sees them; the manifest in package.json repeats it. */
export const httpOptionsSchema = z.strictObject({
  ...portShape,
  sensors: z
    .array(entrySchema.extend({ local: localSchema }))
    .min(1)
    .optional()
    .describe('Several sensors, each with a token of its own.'),
  sensor: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('The sensor that posts with "token" or without any: dionaea itself does not say.'),
  local: z
    .boolean('expected true or false')
    .default(false)
    .describe('The files that incidents posted with "token" or without any name are on this machine.'),
  paths: z
    .record(z.string().min(1), z.string().min(1))
    .optional()
    .describe("The sensor's folders and where they are on this machine."),
  samples: samplesSchema
    .optional()
    .describe("Keeps dionaea's temporary files until a handler has them. Needs local."),
});

/** Options with their defaults. */
export type HttpSettings = z.output<typeof httpOptionsSchema>;

/** What is kept of samples, with defaults. */
export type SampleSettings = z.output<typeof samplesSchema>;

/** Options of the source `dionaea-http`, beside those of `http` of @ihandler/http. */
export interface DionaeaHttpOptions extends Omit<HttpOptions, 'sensors'> {
  /** Several sensors, each with a token of its own. The sensor `*` is a hub that speaks for any. */
  readonly sensors?: readonly {
    readonly sensor: string;
    readonly token: string;
    /** As `local` below, for this sensor. @default false */
    readonly local?: boolean;
  }[];
  /** The sensor that posts with `token`, or without any: dionaea itself does not say. @default the sensor of the host */
  readonly sensor?: string;
  /** Whether the files that incidents posted with `token`, or without any, name are on this machine. @default false */
  readonly local?: boolean;
  /** Where the sensor's folders are on this machine: sensor's folder → ours. */
  readonly paths?: Readonly<Record<string, string>>;
  /** Links the temporary file of a download aside before dionaea removes it; only for posts that are `local`. */
  readonly samples?: {
    /** The folders that samples may lie in, absolute: dionaea's `download.dir`. */
    readonly from: readonly string[];
    /** Where they are linked to: a folder of its own on the same file system; made when it is not there. */
    readonly into: string;
    /** How many are kept; the oldest go first. @default 10000 */
    readonly maxFiles?: number;
    /** How much of them is kept, such as `1GiB`; the oldest go first. @default '1GiB' */
    readonly maxBytes?: string;
  };
}

/** Somebody who may post. */
export interface Poster extends Sender {
  /** Whether the files it names are on this machine. */
  readonly local: boolean;
}

/** Who may post, as options say. */
export function postersOf(settings: HttpSettings): readonly Poster[] {
  const { sensors = [], local } = settings;
  const localOf = new Map(sensors.map((entry) => [entry.token, entry.local]));
  return sendersOf(settings).map((sender) => ({
    ...sender,
    local: localOf.get(sender.token ?? '') ?? local,
  }));
}

function checkHttp(options: HttpSettings, context: z.core.$RefinementCtx): void {
  checkPort(options, context);
  const { samples, local, sensors = [] } = options;
  if (samples !== undefined && !local && !sensors.some((entry) => entry.local))
    context.addIssue({
      code: 'custom',
      path: ['samples'],
      message:
        'expected "local: true" beside it or for one of "sensors": samples of other machines cannot be linked',
      input: samples,
    });
}

/** Checks what a user wrote; throws `OPTIONS_INVALID` with all problems. */
export function readHttpOptions(options: unknown): HttpSettings {
  return parseOptions(httpOptionsSchema.superRefine(checkHttp), options, 'dionaea-http');
}
