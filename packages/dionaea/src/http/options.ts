import { isAbsolute } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { sizeOption } from '@ihandler/core/kit';
import {
  type Client,
  checkPort,
  clientsOf,
  type HttpOptions,
  portShape,
  sensorEntrySchema,
} from '@ihandler/http';
import { z } from 'zod';
import { rootOf } from '../map-path.ts';
import { optionsSchema, rootOption } from '../options.ts';

const local = z.boolean('expected true or false').default(false);

const samplesSchema = z.strictObject({
  folder: z.string('expected the path of a folder').min(1).meta({
    description: 'Folder for the links, on the same file system as the samples and used for nothing else.',
    format: 'path',
  }),
  maxFiles: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Maximum number of samples; the oldest are deleted first.'),
  maxSize: sizeOption('1GiB')
    .prefault('1GiB')
    .describe('Maximum total size of the samples; the oldest are deleted first.'),
});

/** The schema of the options, which the manifest in package.json repeats as JSON Schema. */
export const httpOptionsSchema = z.strictObject({
  ...portShape,
  maxBody: sizeOption('64MiB', { min: '1KiB', max: '64MiB' })
    .prefault('64MiB')
    .describe('Largest post, uncompressed.'),
  maxLine: optionsSchema.shape.maxLine,
  sensors: z
    .array(
      sensorEntrySchema.extend({
        local: local.describe('Whether the files that its incidents name are on this machine.'),
      }),
    )
    .min(1)
    .optional()
    .describe('Several sensors, each with its own token.'),
  sensor: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Name of the sensor that posts with "token" or without a token. Default: the sensor of the host.',
    ),
  local: local.describe(
    'Whether the files are on this machine that incidents posted with "token" or without a token name.',
  ),
  paths: optionsSchema.shape.paths,
  root: rootOption('the folder around var/lib/dionaea in the first of "sampleFolders"'),
  sampleFolders: z
    .array(z.string().refine(isAbsolute, 'expected the absolute path of a folder'))
    .min(1)
    .optional()
    .describe(
      'Folders in which dionaea stores samples (its download.dir), as absolute paths. For "samples".',
    ),
  samples: samplesSchema
    .optional()
    .describe(
      'Link dionaea\'s temporary files before dionaea deletes them. Requires "sampleFolders" and "local".',
    ),
});

/** Parsed options: defaults are filled in, sizes are in bytes. */
export type HttpSettings = z.output<typeof httpOptionsSchema>;

/** Where samples may be, and where and how many are kept. Sizes are in bytes. */
export interface SampleSettings extends z.output<typeof samplesSchema> {
  readonly sampleFolders: readonly string[];
}

/** Options of the source `dionaea-http`, beside those of `http` of @ihandler/http. */
export interface DionaeaHttpOptions extends Omit<HttpOptions, 'sensors' | 'maxBody'> {
  /** Largest post, uncompressed, such as `64MiB`. @default "64MiB" */
  readonly maxBody?: string;
  /** Longest line of log_incident whose values are not cut, such as `16MiB`. @default "16MiB" */
  readonly maxLine?: string;
  /** Several sensors, each with its own token. The sensor `*` is a hub, which may post for any sensor. */
  readonly sensors?: readonly {
    readonly sensor: string;
    readonly token: string;
    /** Like `local` below, for this sensor. @default false */
    readonly local?: boolean;
  }[];
  /** Name of the sensor that posts with `token` or without a token; dionaea does not send one. @default the sensor of the host */
  readonly sensor?: string;
  /** Whether the files are on this machine that incidents posted with `token` or without a token name. @default false */
  readonly local?: boolean;
  /** Where the sensor's folders are on this machine: sensor's folder → local folder. */
  readonly paths?: Readonly<Record<string, string>>;
  /** Folder in which relative paths of samples start. @default the folder around `var/lib/dionaea` in the first of `sampleFolders` */
  readonly root?: string;
  /** The folders in which dionaea stores samples, as absolute paths: its `download.dir`. For `samples`. */
  readonly sampleFolders?: readonly string[];
  /** Links the temporary file of a download before dionaea deletes it. Requires `sampleFolders` and a `local` sensor. */
  readonly samples?: {
    /** The folder for the links, on the same file system as the samples and used for nothing else; created when missing. */
    readonly folder: string;
    /** Maximum number of samples; the oldest are deleted first. @default 10000 */
    readonly maxFiles?: number;
    /** Maximum total size of the samples, such as `1GiB`; the oldest are deleted first. @default "1GiB" */
    readonly maxSize?: string;
  };
}

/** A client that may post. */
export interface DionaeaClient extends Client {
  /** Whether the files that its incidents name are on this machine. */
  readonly local: boolean;
}

/** The clients that may post. */
export function dionaeaClientsOf(settings: HttpSettings): readonly DionaeaClient[] {
  const { sensors = [], local } = settings;
  const localOf = new Map(sensors.map((entry) => [entry.token, entry.local]));
  return clientsOf(settings).map((client) => ({
    ...client,
    local: localOf.get(client.token ?? '') ?? local,
  }));
}

/** Where relative paths start, for clients whose files are on this machine; undefined when nothing says so. */
export function httpRootOf({ root, sampleFolders = [] }: HttpSettings): string | undefined {
  const [folder] = sampleFolders;
  return folder === undefined ? root : rootOf({ file: `${folder}/`, root, remote: false });
}

/** The settings for samples; undefined when samples are not linked. */
export function sampleSettingsOf({ samples, sampleFolders }: HttpSettings): SampleSettings | undefined {
  return samples && sampleFolders && { ...samples, sampleFolders };
}

function checkHttp(options: HttpSettings, context: z.core.$RefinementCtx): void {
  checkPort(options, context);
  const { samples, sampleFolders, local, sensors = [] } = options;
  const issue = (path: 'samples' | 'sampleFolders', message: string) =>
    context.addIssue({ code: 'custom', path: [path], message, input: options[path] });
  if (samples !== undefined && !local && !sensors.some((entry) => entry.local))
    issue(
      'samples',
      'expected "local: true" for the source or for one of "sensors": samples of other machines cannot be linked',
    );
  if (samples !== undefined && sampleFolders === undefined)
    issue('sampleFolders', 'expected the folders in which dionaea stores samples, since "samples" is set');
  if (samples === undefined && sampleFolders !== undefined)
    issue('samples', 'expected "samples: { folder: … }", since "sampleFolders" is set');
}

/** Parses the options; throws `OPTIONS_INVALID` that lists all problems. */
export function readHttpOptions(options: unknown): HttpSettings {
  return parseOptions(httpOptionsSchema.superRefine(checkHttp), options, 'dionaea-http');
}
