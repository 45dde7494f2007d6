import { resolve } from 'node:path';
import { parseOptions } from '@ihandler/core';
import { durationOption, sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';

/** Where the API of VirusTotal is. */
const API = 'https://www.virustotal.com/api/v3';
/** Beyond this VirusTotal takes no file. */
const LARGEST = 650e6;
const DAY = 86_400_000;

function webAddress(what: string) {
  return z
    .string(`expected ${what}`)
    .regex(/^https?:\/\/[^\s/?#]+([/][^\s?#]*)?$/, `expected ${what}, without a query`);
}

function requests(window: string, otherwise: number) {
  return z
    .int(`expected how many requests a ${window} the key may make, a whole number`)
    .min(1, 'expected at least 1')
    .default(otherwise)
    .describe(`Requests a ${window} that the key may make.`);
}

/** What a key looks like; anything else could not even be sent. */
export const KEY = /^[\w-]{16,128}$/;

const key = z
  .string('expected the key as a text')
  .regex(KEY, 'expected a key of letters and digits, as VirusTotal shows it');

/** The options as a user writes them. Manifest and README come from here. */
export const optionsSchema = z.strictObject({
  apiKey: key
    .optional()
    .describe('The key of your account at VirusTotal. Default: the environment variable VIRUSTOTAL_API_KEY.'),
  apikey: key.optional().describe('The same, in the spelling of dionaea.'),
  file: z
    .string('expected the path of a database')
    .min(1, 'expected the path of a database')
    .regex(/^[^~\0]/, 'expected a path; "~" is not expanded, write the folder')
    .optional()
    .meta({
      description:
        'The database of the backlog; that of dionaea is taken over. Default: one in the data folder.',
      format: 'path',
      examples: ['virustotal.sqlite'],
    }),
  upload: z
    .boolean('expected true or false')
    .default(false)
    .describe('Upload files that VirusTotal does not know. They become visible to others there.'),
  folders: z
    .array(z.string().min(1).meta({ format: 'path', access: 'read' }), 'expected a list of folders')
    .default([])
    .describe('Folders whose files may be uploaded, such as the download folder of dionaea.'),
  maxUpload: sizeOption('200MB')
    .refine((bytes) => bytes <= LARGEST, 'expected at most "650MB", which VirusTotal takes')
    .default(200e6)
    .describe('The largest file to upload: "200MB".'),
  comment: z
    .string('expected a text')
    .min(1, 'expected a text')
    .max(4096, 'expected at most 4096 characters')
    .optional()
    .describe('A comment to leave, once, at each file that was uploaded. Default: none.'),
  again: durationOption('7d')
    .default(7 * DAY)
    .describe('How long a verdict holds: a file seen again before costs no request. "7d".'),
  recheck: durationOption('24h')
    .default(DAY)
    .describe('When to ask once more about a file that was new to VirusTotal too: "24h".'),
  perMinute: requests('minute', 4),
  perDay: requests('day (UTC)', 500),
  perMonth: requests('month (UTC)', 15_500),
  reserve: z
    .number('expected a part such as 0.2')
    .min(0, 'expected 0 to 0.9')
    .max(0.9, 'expected 0 to 0.9')
    .default(0.2)
    .describe('The part of each quota that is kept for people: "lookup" and the web site of VirusTotal.'),
  backlog: z
    .int('expected a whole number')
    .min(1, 'expected at least 1')
    .default(20_000)
    .describe('How many files may wait to be asked about; what is too much is skipped.'),
  url: webAddress('the base of the API, such as "https://www.virustotal.com/api/v3"')
    .default(API)
    .describe('The base of the API.'),
  proxy: webAddress('an HTTP proxy such as "http://proxy.example:3128"')
    .optional()
    .describe('An HTTP proxy to ask through. Default: none.'),
});

/** Options of {@link virustotal}. */
export type VirusTotalOptions = Readonly<z.input<typeof optionsSchema>>;

/** The options after the door: ages in milliseconds, sizes in bytes, paths absolute, the key wherever it came from. */
export interface Settings
  extends Readonly<Omit<z.output<typeof optionsSchema>, 'apiKey' | 'apikey' | 'file' | 'folders'>> {
  readonly apiKey: string | undefined;
  /** Undefined: `virustotal.sqlite` in the folder of the instance. */
  readonly file: string | undefined;
  readonly folders: readonly string[];
}

/** Parses what a user wrote; throws `OPTIONS_INVALID`. */
export function parseVirusTotalOptions(
  options: unknown,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Settings {
  const { apiKey, apikey, file, folders, url, ...others } = parseOptions(
    optionsSchema,
    options,
    'virustotal',
  );
  return {
    ...others,
    apiKey: apiKey ?? apikey ?? (environment['VIRUSTOTAL_API_KEY']?.trim() || undefined),
    file: file === undefined ? undefined : resolve(file),
    folders: folders.map((folder) => resolve(folder)),
    url: url.replace(/\/+$/, ''),
  };
}
