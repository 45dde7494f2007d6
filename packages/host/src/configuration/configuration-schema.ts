import { describeError } from '@ihandler/core';
import {
  compileEntryFilter,
  durationOption,
  isSecretName,
  issueText,
  parseDomains,
  sizeOption,
} from '@ihandler/core/kit';
import { compileSelector } from '@ihandler/core/origins';
import { z } from 'zod';
import { didYouMean } from '../did-you-mean.ts';
import { parseLogLevels } from '../running/log-levels.ts';
import type { ConfigPath, Problem } from './problem.ts';

/** A string that a function of core validates; its error becomes the message. */
function validString(validate: (text: string) => unknown): z.ZodString {
  return z.string().superRefine((text, context) => {
    try {
      validate(text);
    } catch (error) {
      context.addIssue(describeError(error));
    }
  });
}

const instanceName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'expected letters, digits, "_", "-" and dots');
const source = z.strictObject({
  name: z.string().min(1),
  config: z.record(z.string(), z.unknown()).nullish(),
  as: instanceName.optional(),
});
const isolate = z.union(
  [
    z.boolean(),
    z.strictObject({
      memory: sizeOption('256MiB', { min: '16MiB' }).optional(),
      timeout: durationOption('60s', { min: '100ms' }).optional(),
    }),
  ],
  'expected true, false, or limits such as { memory: 256MiB, timeout: 60s }',
);
/** Which origins have a role is known when the configuration has been read. */
const noRoles = { rolesOf: () => [] };
const globs = z.array(validString((glob) => compileSelector(glob, noRoles))).optional();
const handler = source.extend({
  from: z.enum(['beginning', 'end']).optional(),
  only: globs,
  except: globs,
  ignore: z.array(validString((rule) => compileEntryFilter({ ignore: [rule] }))).optional(),
  protocols: z.array(validString((name) => compileEntryFilter({ protocols: [name] }))).optional(),
  mask: z.union([z.boolean(), z.literal('facts')], 'expected true, false or facts').optional(),
  isolate: isolate.optional(),
});
const entryOf = (value: unknown) => (typeof value === 'string' ? { name: value } : value);

/** One item of `sources`; a bare name is an entry, too. */
export const sourceSchema = z.preprocess(
  entryOf,
  source.extend({
    isolate: z
      .undefined(
        'a source cannot be isolated: it runs beside the journal; "isolate" is a setting of handlers',
      )
      .optional(),
  }),
);

/** One item of `ihandlers`; a bare name is an entry, too. */
export const handlerSchema = z.preprocess(entryOf, handler);

/** One handler in a configuration file of a sensor: a name and options; other keys are ignored. */
export const sensorEntrySchema = z.object({
  name: z.string().min(1),
  config: z.record(z.string(), z.unknown()).nullish(),
});

const named = {
  name: z.string().min(1),
  config: z.record(z.string(), z.unknown()).nullish(),
};
const port = {
  host: z.string().min(1).optional(),
  port: z.int().min(0).max(65535).optional(),
  names: z.array(z.string().min(1)).optional(),
};

const watchdog = {
  /** How long a handler may block the program. */
  blocked: durationOption('30s', { min: '2s', max: '1h' }).optional(),
  /** After how many ends of the program a handler is paused. */
  ends: z.int().min(1).max(100).optional(),
};

/** A file of a configuration, without the items of its lists. */
export const configurationSchema = z.strictObject({
  sensor: z.string().min(1).max(255).optional(),
  data: z.string().min(1).optional(),
  journal: z
    .union([z.string().min(1), z.strictObject(named)], 'expected a name, or name and config')
    .optional(),
  // YAML of version 1.1 has `off` for false.
  health: z
    .union([z.literal('off'), z.literal(false), z.strictObject(port)], 'expected host and port, or off')
    .optional(),
  watchdog: z
    .union(
      [z.literal('off'), z.literal(false), z.strictObject(watchdog)],
      'expected blocked and ends, or off',
    )
    .optional(),
  log: z
    .strictObject({
      levels: validString(parseLogLevels).optional(),
      domains: validString(parseDomains).optional(),
    })
    .optional(),
  isolate: z.union([z.literal('foreign'), z.literal(false)], 'expected foreign, or false').optional(),
  // A list whose items are all commented out is null in YAML.
  include: z.array(z.string().min(1)).nullish(),
  sources: z.array(z.unknown()).nullish(),
  ihandlers: z.array(z.unknown()).nullish(),
});

/** The settings of a configuration beside its lists. */
export type Settings = Omit<z.output<typeof configurationSchema>, 'include' | 'sources' | 'ihandlers'>;

/** Of the settings of a file, those that are valid by themselves: they are used although others have problems. */
export function validSettings(value: unknown): z.output<typeof configurationSchema> {
  const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
  const valid = entries.filter(([key, inner]) => configurationSchema.safeParse({ [key]: inner }).success);
  return configurationSchema.parse(Object.fromEntries(valid));
}

/** Of an invalid entry, the settings that are valid by themselves: its options are checked, too. Undefined without a name. */
export function validEntry(value: unknown): z.output<typeof handler> | undefined {
  const entries = Object.entries(typeof value === 'object' && value !== null ? value : {});
  const valid = entries.filter(([key, inner]) => handler.partial().safeParse({ [key]: inner }).success);
  return handler.safeParse(Object.fromEntries(valid)).data;
}

function describeFound(value: unknown, path: ConfigPath): string {
  let inner = value;
  for (const key of path)
    inner = typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined;
  if (inner === undefined) return 'nothing';
  if (path.some((key) => typeof key === 'string' && isSecretName(key))) return 'a hidden value';
  return JSON.stringify(inner)?.slice(0, 80) ?? typeof inner;
}

/** The settings that exist at a path. */
function settingsAt([first, index, inner]: ConfigPath): readonly string[] {
  if (first === undefined) return Object.keys(configurationSchema.shape);
  if (inner !== undefined) return [];
  if (first === 'health') return Object.keys(port);
  if (first === 'watchdog') return Object.keys(watchdog);
  if (first === 'log') return ['levels', 'domains'];
  if (first === 'journal') return Object.keys(named);
  if (index === undefined) return [];
  return Object.keys((first === 'ihandlers' ? handler : source).shape);
}

/**
 * Validates a value. `written` is the whole file as it was written, from which messages quote; `at` is the path of the
 * value in it.
 */
export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  written: unknown,
  at: ConfigPath,
): { readonly data: z.output<S> | undefined; readonly problems: readonly Problem[] } {
  const { data, error } = schema.safeParse(value);
  const problems = (error?.issues ?? []).flatMap((issue): Problem[] => {
    const path = [...at, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `unknown setting${didYouMean(key, settingsAt(path))}`,
      }));
    const what = issue.code === 'custom' ? '' : `; found ${describeFound(written, path)}`;
    return [{ path, message: `${issueText(issue)}${what}` }];
  });
  return { data, problems };
}
