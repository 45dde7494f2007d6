import type { z } from 'zod';
import { IhandlerError } from './error.ts';

/** One thing wrong with options. */
export interface OptionProblem {
  /** `a.b[0]`, or `''` for the whole. */
  readonly path: string;
  readonly message: string;
}

function pathOf(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

function found(input: unknown, path: readonly PropertyKey[]): string {
  let value: unknown = input;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  if (value === undefined) return 'nothing';
  const last = String(path.at(-1) ?? '');
  if (/key|secret|token|pass/i.test(last)) return 'a value that is not shown';
  return JSON.stringify(value)?.slice(0, 80) ?? typeof value;
}

/**
 * Parses what a user wrote, once, at the door of whoever owns the options. Throws `OPTIONS_INVALID` with all problems
 * together, each with its path, what was expected and what was found.
 */
export function parseOptions<S extends z.ZodType>(schema: S, input: unknown, owner: string): z.output<S> {
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  const lines = result.error.issues.map(
    (issue) =>
      `  ${pathOf(issue.path) || 'the options'}: ${issue.message}; found ${found(input, issue.path)}`,
  );
  throw new IhandlerError('OPTIONS_INVALID', `${owner}: these options do not fit:\n${lines.join('\n')}`);
}
