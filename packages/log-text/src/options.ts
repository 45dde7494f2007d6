import { resolve } from 'node:path';
import { describeError, type Level, parseOptions } from '@ihandler/core';
import { durationOption, parseDomains, parseLevels, sizeOption } from '@ihandler/core/kit';
import { z } from 'zod';
import { type FormatName, formats, type LineFormat } from './formats.ts';
import { compileTemplate } from './template.ts';

/** A list as one text with commas, or as a list; parsed with one of core's grammars. */
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
const age = durationOption('12h').refine(isAboveZero, 'expected an age above zero');

const rotateSchema = z.strictObject(
  {
    size: size
      .prefault('100MB')
      .describe('A file grows no larger than this, unless one line does. Default: 100MB.'),
    every: z
      .union([z.enum(['hourly', 'daily']), age], 'expected "hourly", "daily" or an age such as "12h"')
      .optional()
      .describe('How old a file grows: "hourly", "daily" or an age such as "12h". Default: any age.'),
    keep: z
      .int('expected a whole number')
      .min(1, 'expected at least 1')
      .max(10_000, 'expected at most 10000')
      .default(14)
      .describe('How many rotated files are kept.'),
    gzip: z.boolean('expected true or false').default(true).describe('Whether rotated files are compressed.'),
  },
  'expected size, every, keep and gzip, or false',
);

/** What is wrong with the record: the other possibility, `false`, has nothing to tell. */
function rotateProblem(issue: z.core.$ZodRawIssue): string {
  const found = 'errors' in issue && Array.isArray(issue.errors) ? issue.errors.at(1) : undefined;
  const issues: readonly z.core.$ZodIssue[] = Array.isArray(found) ? found : [];
  const told = issues.map(({ path, message, ...rest }) =>
    'keys' in rest ? `no option ${rest.keys.join(', ')}` : [...path.map(String), message].join(': '),
  );
  return told.join('; ');
}

const logShape = {
  file: z
    .string('expected the path of the log file')
    .min(1, 'expected the path of the log file')
    .regex(/^(?!~)[^\0]*$/, 'expected a path; "~" is not expanded, write the folder')
    .describe('The log file, best as an absolute path. Made when it does not exist; its folder must.')
    .meta({ format: 'path', examples: ['incidents.log'] }),
  levels: list(parseLevels, 'expected levels such as "all,-debug"')
    .prefault('all')
    .describe('Which levels are written, as dionaea writes it: "all,-debug". Default: all.'),
  domains: list(parseDomains, 'expected globs such as "dionaea.connection.*"')
    .prefault('*')
    .describe(
      'Globs (`*`, `?`) of which one must match the origin: "dionaea.connection.*,*.offer". Default: *.',
    ),
  // Safe: the keys of a record that is written out are its names.
  format: z
    .enum(Object.keys(formats) as FormatName[], 'expected "lines", "dionaea" or "json"')
    .optional()
    .describe('How a line looks. Default: lines.'),
  template: z
    .string('expected a template such as "{timestamp} {origin} {data.url}"')
    .min(1, 'expected a template such as "{timestamp} {origin} {data.url}"')
    .regex(/^[^\0-\x08\x0a-\x1f\x7f]*$/, 'expected one line without control characters (a tab may be)')
    .transform((text, context): LineFormat => {
      const compiled = compileTemplate(text);
      if (typeof compiled === 'function') return compiled;
      context.addIssue({ code: 'custom', message: compiled.problem });
      return z.NEVER;
    })
    .optional()
    .describe('A line of your own instead of a format: "{timestamp} {origin} {data.url}".'),
  rotate: z
    .union([z.literal(false), rotateSchema], { error: rotateProblem })
    .prefault({})
    .describe('When the file is rotated, and how many are kept; false for never.'),
} as const;

const nameRule = 'a name of letters, digits, "_", "-" and dots';
const oneWay = 'expected a format or a template, not both';

const logSchema = z
  .strictObject(logShape, 'expected the options of a log, at least its file')
  .refine(({ format, template }) => format === undefined || template === undefined, {
    path: ['template'],
    message: oneWay,
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
            message: `expected a file that no other log writes; ${owner} does`,
          });
        owners.set(resolve(file), name);
      }
    })
    .describe('Several logs by their names, each with its own file, filters and format.'),
});

/** One log. */
export type LogOptions = Readonly<z.input<typeof logSchema>>;

/** Options of the text log: of one log, or of several by their names. */
export type LogTextOptions = LogOptions | Readonly<z.input<typeof namedSchema>>;

/** When a file is rotated: `size` in bytes, `every` a calendar's period or milliseconds. */
export type RotateSettings = Readonly<z.output<typeof rotateSchema>>;

/** A log after the door. */
export interface LogSettings {
  /** Absolute. */
  readonly file: string;
  readonly levels: ReadonlySet<Level>;
  readonly domains: (origin: string) => boolean;
  readonly format: LineFormat;
  /** Undefined: never. */
  readonly rotate: RotateSettings | undefined;
  /** Whether its days begin at midnight in local time: where its lines show local time. */
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

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parses what a user wrote; throws `OPTIONS_INVALID`. */
export function parseLogTextOptions(options: unknown): readonly LogSettings[] {
  if (isRecord(options) && 'logs' in options)
    return Object.values(parseOptions(namedSchema, options, 'log-text').logs).map(settingsOf);
  return [settingsOf(parseOptions(logSchema, options, 'log-text'))];
}

/** What the manifest says of the options: those of one log, and `logs`. The app resolves and asks for what it finds here. */
export function optionsJsonSchema(): Record<string, unknown> {
  const { $schema, ...one } = z.toJSONSchema(logSchema, { io: 'input' });
  const { properties } = z.toJSONSchema(namedSchema, { io: 'input' });
  return { ...one, properties: { ...one.properties, ...properties } };
}
