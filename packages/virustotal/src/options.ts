import { resolve } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { durationOption, sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';

/** The base URL of the API of VirusTotal. */
const API = 'https://www.virustotal.com/api/v3';

function webAddress(what: string) {
  return z
    .string(`expected ${what}`)
    .regex(/^https?:\/\/[^\s/?#]+([/][^\s?#]*)?$/, `expected ${what}, without a query`);
}

function requests(window: string, byDefault: number) {
  return z
    .int(`expected the number of requests per ${window}, a whole number`)
    .min(1, 'expected at least 1')
    .default(byDefault)
    .describe(`Requests per ${window} that the key allows.`);
}

/** The form of a key. Other characters cannot be sent in a header. */
export const KEY = /^[\w-]{16,128}$/;

const key = z
  .string('expected the key as a text')
  .regex(KEY, 'expected a key of letters and digits, as VirusTotal shows it');

/** The options as a user writes them. The manifest comes from here. */
export const optionsSchema = z.strictObject({
  apiKey: key
    .optional()
    .describe('API key of your VirusTotal account. Default: the environment variable VIRUSTOTAL_API_KEY.'),
  apikey: key.optional().describe("The same in dionaea's spelling."),
  file: z
    .string('expected the path of a database')
    .min(1, 'expected the path of a database')
    .regex(/^[^~\0]/, 'expected a path; "~" is not expanded, write the folder')
    .optional()
    .meta({
      description:
        "Path of the backlog database. A database of dionaea's own handler is taken over. Default: virustotal.sqlite in the data folder.",
      format: 'path',
      examples: ['virustotal.sqlite'],
    }),
  upload: z
    .boolean('expected true or false')
    .default(false)
    .describe('Upload files that VirusTotal does not know. Others can then see them there.'),
  sampleFolders: z
    .array(z.string().min(1).meta({ format: 'path', access: 'read' }), 'expected a list of folders')
    .default([])
    .describe("Folders whose files may be uploaded, such as dionaea's folder for binaries."),
  maxUpload: sizeOption('200MB', { max: '650MB' })
    .prefault('200MB')
    .describe('Size of the largest file to upload, at most "650MB".'),
  comment: z
    .string('expected a text')
    .min(1, 'expected a text')
    .max(4096, 'expected at most 4096 characters')
    .optional()
    .describe('Comment to leave once at each uploaded file. Default: none.'),
  again: durationOption('7d')
    .prefault('7d')
    .describe('How long a verdict is valid. A file captured again within this time needs no request.'),
  recheck: durationOption('24h')
    .prefault('24h')
    .describe('Delay until a file that was new to VirusTotal is looked up once more.'),
  perMinute: requests('minute', 4),
  perDay: requests('day (UTC)', 500),
  perMonth: requests('month (UTC)', 15_500),
  reserve: z
    .number('expected a fraction such as 0.2')
    .min(0, 'expected 0 to 0.9')
    .max(0.9, 'expected 0 to 0.9')
    .default(0.2)
    .describe('Fraction of each quota reserved for people: for "lookup" and the VirusTotal web site.'),
  backlog: z
    .int('expected a whole number')
    .min(1, 'expected at least 1')
    .default(20_000)
    .describe('Number of files that may wait for their lookup. Files beyond it are skipped.'),
  url: webAddress('the base URL of the API, such as "https://www.virustotal.com/api/v3"')
    .default(API)
    .describe('Base URL of the API.'),
  proxy: webAddress('an HTTP proxy such as "http://proxy.example:3128"')
    .optional()
    .describe('URL of an HTTP proxy. Default: none.'),
});

/** Options of {@link virustotal}. */
export type VirusTotalOptions = Readonly<z.input<typeof optionsSchema>>;

/** The parsed options: durations in milliseconds, sizes in bytes, absolute paths, and the key from any place. */
export interface Settings
  extends Readonly<Omit<z.output<typeof optionsSchema>, 'apiKey' | 'apikey' | 'file' | 'sampleFolders'>> {
  readonly apiKey: string | undefined;
  /** Undefined for `virustotal.sqlite` in the data folder of the instance. */
  readonly file: string | undefined;
  readonly sampleFolders: readonly string[];
}

/** Parses the options of a user. Throws `OPTIONS_INVALID`. */
export function parseVirusTotalOptions(
  options: unknown,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Settings {
  const { apiKey, apikey, file, sampleFolders, url, ...others } = parseOptions(
    optionsSchema,
    options,
    'virustotal',
  );
  return {
    ...others,
    apiKey: apiKey ?? apikey ?? (environment['VIRUSTOTAL_API_KEY']?.trim() || undefined),
    file: file === undefined ? undefined : resolve(file),
    sampleFolders: sampleFolders.map((folder) => resolve(folder)),
    url: url.replace(/\/+$/, ''),
  };
}
