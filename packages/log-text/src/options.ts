import { resolve } from 'node:path';
import { describeError, type Level, parseOptions } from '@ihandler/core';
import { durationOption, isRecord, parseDomains, parseLevels, sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';
import { type FormatName, formats, type LineFormat } from './formats.ts';
import { compileTemplate } from './template.ts';

/** A list option: a text with commas, or a list, parsed with one of core's grammars. */
function list<T>(parse: (text: string) => T, expected: string) {
  return z
    .union([z.string(), z.array(z.string()).min(1)], expected)
    .transform((given) => (typeof given === 'string' ? given : given.join(',')))
    .transform((text, context): T => {
      try {
        return parse(text);
      } catch (error) {
        context.addIssue({
          code: 'custom',
          message: describeError(error).replace(/^E/, 'e').replace(/\.$/, ''),
        });
        return z.NEVER;
      }
    });
}

const isAboveZero = (amount: number): boolean => amount > 0;
const size = sizeOption('100MB').refine(isAboveZero, 'expected a size above zero');
const age = durationOption('12h').refine(isAboveZero, 'expected a duration above zero');

const rotateSchema = z.strictObject(
  {
    maxSize: size
      .prefault('100MB')
      .describe('Size at which the file is rotated. Only a single longer line exceeds it. Default: 100MB.'),
    every: z
      .union([z.enum(['hourly', 'daily']), age], 'expected "hourly", "daily" or a duration such as "12h"')
      .optional()
      .describe(
        'Age at which the file is rotated: "hourly", "daily" or a duration such as "12h". Default: any age.',
      ),
    maxFiles: z
      .int('expected a whole number')
      .min(1, 'expected at least 1')
      .max(10_000, 'expected at most 10000')
      .default(14)
      .describe('Number of rotated files to keep.'),
    gzip: z.boolean('expected true or false').default(true).describe('Compress rotated files.'),
  },
  'expected maxSize, every, maxFiles and gzip, or false',
);

/** The problems of the record. The other branch of the union, `false`, has none worth showing. */
function rotateProblem(issue: z.core.$ZodRawIssue): string {
  const ofRecord = 'errors' in issue && Array.isArray(issue.errors) ? issue.errors.at(1) : undefined;
  const issues: readonly z.core.$ZodIssue[] = Array.isArray(ofRecord) ? ofRecord : [];
  return issues
    .map(({ path, message, ...rest }) =>
      'keys' in rest ? `no option ${rest.keys.join(', ')}` : [...path.map(String), message].join(': '),
    )
    .join('; ');
}

const logShape = {
  file: z
    .string('expected the path of the log file')
    .min(1, 'expected the path of the log file')
    .regex(/^(?!~)[^\0]*$/, 'expected a path; "~" is not expanded, write the folder')
    .describe('Path of the log file, preferably absolute. The file is created; its folder must exist.')
    .meta({ format: 'path', examples: ['incidents.log'] }),
  levels: list(parseLevels, 'expected levels such as "all,-debug"')
    .prefault('all')
    .describe('Levels to write, in dionaea\'s syntax: "all,-debug". Default: all.'),
  domains: list(parseDomains, 'expected globs such as "dionaea.connection.*"')
    .prefault('*')
    .describe(
      'Globs (`*`, `?`), one of which must match the origin: "dionaea.connection.*,*.offer". Default: *.',
    ),
  // Safe: the keys of a record that is written out are its names.
  format: z
    .enum(Object.keys(formats) as FormatName[], 'expected "lines", "dionaea" or "json"')
    .optional()
    .describe('Format of a line. Default: lines.'),
  template: z
    .string('expected a template such as "{timestamp} {origin} {data.url}"')
    .min(1, 'expected a template such as "{timestamp} {origin} {data.url}"')
    .regex(/^[^\0-\x08\x0a-\x1f\x7f]*$/, 'expected one line without control characters except tabs')
    .transform((text, context): LineFormat => {
      const compiled = compileTemplate(text);
      if (typeof compiled === 'function') return compiled;
      context.addIssue({ code: 'custom', message: compiled.problem });
      return z.NEVER;
    })
    .optional()
    .describe('Your own line format: "{timestamp} {origin} {data.url}".'),
  rotate: z
    .union([z.literal(false), rotateSchema], { error: rotateProblem })
    .prefault({})
    .describe('When to rotate the file and how many rotated files to keep; false to never rotate.'),
} as const;

const nameRule = 'a name of letters, digits, "_", "-" and dots';
const formatOrTemplate = 'expected a format or a template, not both';

const logSchema = z
  .strictObject(logShape, 'expected the options of a log, at least its file')
  .refine(({ format, template }) => format === undefined || template === undefined, {
    path: ['template'],
    message: formatOrTemplate,
  });

const namedSchema = z.strictObject({
  logs: z
    .record(z.string().regex(/^[\w.-]+$/), logSchema, {
      error: ({ code }) => (code === 'invalid_key' ? `expected ${nameRule}` : 'expected logs by their names'),
    })
    .refine((logs) => Object.keys(logs).length > 0, 'expected at least one log')
    .superRefine((logs, context) => {
      const owners = new Map<string, string>();
      for (const [name, { file }] of Object.entries(logs)) {
        const owner = owners.get(resolve(file));
        if (owner !== undefined)
          context.addIssue({
            code: 'custom',
            path: [name, 'file'],
            message: `expected a file of its own; log "${owner}" writes this one`,
          });
        owners.set(resolve(file), name);
      }
    })
    .describe('Several logs by name, each with its own file, filters and format.'),
});

/** Options of one log. */
export type LogOptions = Readonly<z.input<typeof logSchema>>;

/** Options of the handler: those of one log, or several logs by name. */
export type LogTextOptions = LogOptions | Readonly<z.input<typeof namedSchema>>;

/** When a file is rotated: `maxSize` in bytes, `every` a calendar period or milliseconds. */
export type RotateSettings = Readonly<z.output<typeof rotateSchema>>;

/** The parsed options of one log. */
export interface LogSettings {
  /** Absolute. */
  readonly file: string;
  readonly levels: ReadonlySet<Level>;
  readonly domains: (origin: string) => boolean;
  readonly format: LineFormat;
  /** Undefined when the file is never rotated. */
  readonly rotate: RotateSettings | undefined;
  /** Whether its days begin at midnight in local time, because its lines show local time. */
  readonly localTime: boolean;
}

function settingsOf(log: z.output<typeof logSchema>): LogSettings {
  const { file, levels, domains, format = 'lines', template, rotate } = log;
  return {
    file: resolve(file),
    levels,
    domains,
    format: template ?? formats[format],
    rotate: rotate === false ? undefined : rotate,
    localTime: template === undefined && format === 'dionaea',
  };
}

/** Parses the options of a user, one entry for each log. Throws `OPTIONS_INVALID`. */
export function parseLogTextOptions(options: unknown): readonly LogSettings[] {
  if (isRecord(options) && 'logs' in options)
    return Object.values(parseOptions(namedSchema, options, 'log-text').logs).map(settingsOf);
  return [settingsOf(parseOptions(logSchema, options, 'log-text'))];
}

/** The JSON Schema of the options in the manifest: those of one log, and `logs`. The host resolves paths by it. */
export function optionsJsonSchema(): Record<string, unknown> {
  const { $schema, ...one } = z.toJSONSchema(logSchema, { io: 'input' });
  const { properties } = z.toJSONSchema(namedSchema, { io: 'input' });
  return { ...one, properties: { ...one.properties, ...properties } };
}
