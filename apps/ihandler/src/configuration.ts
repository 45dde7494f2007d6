import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describeError, harmless, IhandlerError, type OptionProblem } from '@ihandler/core';
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';

const source = z.strictObject({
  name: z.string().min(1),
  config: z.record(z.string(), z.unknown()).nullish(),
});
const handler = source.extend({
  as: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'expected letters, digits, "_", "-" and dots')
    .optional(),
  only: z.array(z.string()).optional(),
  except: z.array(z.string()).optional(),
});
const named = (value: unknown) => (typeof value === 'string' ? { name: value } : value);

const configurationSchema = z.strictObject({
  sensor: z.string().min(1).max(255).optional(),
  data: z.string().min(1).optional(),
  journal: z.literal('memory').optional(),
  sources: z.array(z.preprocess(named, source)).default([]),
  ihandlers: z.array(z.preprocess(named, handler)).default([]),
});

/** One item of `sources` or `ihandlers`; a bare name is an entry too. */
export interface Entry {
  /** What to run: a handler or source by name or alias, a package, or a local file such as `./notify.js`. */
  readonly name: string;
  /** The options of what is run. */
  readonly config?: Readonly<Record<string, unknown>> | null | undefined;
  /** Names this instance, when one handler runs twice. */
  readonly as?: string | undefined;
  /** Only origins that one of these globs matches. */
  readonly only?: readonly string[] | undefined;
  /** Not the origins that one of these globs matches. */
  readonly except?: readonly string[] | undefined;
}

/** A path into the configuration: `['ihandlers', 0, 'config', 'file']`. */
export type ConfigPath = readonly (string | number)[];

/** Something wrong in the configuration. */
export interface Problem {
  readonly path: ConfigPath;
  /** What was expected, what was found. */
  readonly message: string;
}

/** A configuration as read, before anything is looked up. */
export interface Configuration {
  readonly sensor?: string | undefined;
  /** Absolute. */
  readonly data?: string | undefined;
  readonly sources: readonly Entry[];
  readonly ihandlers: readonly Entry[];
  /** Absolute; undefined when there is no file. Relative paths in the options start at its folder. */
  readonly file: string | undefined;
  /** Makes one error of all problems, each with its line. */
  error(problems: readonly Problem[]): IhandlerError;
}

/** What holds without a file. */
export const noConfiguration: Configuration = {
  sources: [],
  ihandlers: [],
  file: undefined,
  error: (problems) =>
    new IhandlerError(
      'OPTIONS_INVALID',
      problems.map(({ path, message }) => harmless(`${formatPath(path)}: ${message}`)).join('\n'),
    ),
};

/** `ihandlers[0].config.file`. */
function formatPath(path: ConfigPath): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`))
    .join('')
    .replace(/^\./, '');
}

/** Turns the path that an option problem tells (`a.b[0]`) into one below an entry. */
export function below(path: ConfigPath, problem: OptionProblem): ConfigPath {
  const inner = problem.path.match(/[^.[\]]+/g) ?? [];
  return [...path, ...inner.map((key) => (/^\d+$/.test(key) ? Number(key) : key))];
}

/** The line of what a path names, or of the nearest thing around it that is written. */
function lineOf(document: Document, lines: LineCounter, path: ConfigPath): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return undefined;
}

function found(value: unknown, path: ConfigPath): string {
  let inner = value;
  for (const key of path)
    inner = typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined;
  return inner === undefined ? 'nothing' : (JSON.stringify(inner)?.slice(0, 80) ?? typeof inner);
}

function problemsIn(issues: readonly z.core.$ZodIssue[], value: unknown): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...path, key], message: 'there is no such setting' }))
      : [{ path, message: `${issue.message}; found ${found(value, path)}` }];
  });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new IhandlerError('OPTIONS_INVALID', `The configuration cannot be read: ${describeError(cause)}`, {
      cause,
    });
  }
}

/**
 * Reads a configuration. Throws `OPTIONS_INVALID` with all that is wrong, each with its line; paths become absolute,
 * starting at the folder of the file.
 */
export function readConfiguration(file: string): Configuration {
  const lineCounter = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter });
  const errorOf = (problems: readonly Problem[]) => {
    const lines = problems.map(({ path, message }) => {
      const line = lineOf(document, lineCounter, path);
      return `  ${line === undefined ? '' : `line ${line}, `}${formatPath(path) || 'the file'}: ${message}`;
    });
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    return new IhandlerError('OPTIONS_INVALID', `${file} has ${count}:\n${lines.map(harmless).join('\n')}`);
  };
  if (document.errors.length > 0) {
    const lines = document.errors.map(
      ({ message, linePos }) =>
        `  line ${linePos?.[0].line ?? '?'}: ${message.split('\n')[0]?.replace(/ at line.*$/, '')}`,
    );
    throw new IhandlerError('OPTIONS_INVALID', `${file} is not YAML:\n${lines.map(harmless).join('\n')}`);
  }
  const value: unknown = document.toJS() ?? {};
  const parsed = configurationSchema.safeParse(value);
  if (!parsed.success) throw errorOf(problemsIn(parsed.error.issues, value));
  const { data, ...rest } = parsed.data;
  return {
    ...rest,
    data: data === undefined ? undefined : resolve(dirname(file), data),
    file,
    error: errorOf,
  };
}
