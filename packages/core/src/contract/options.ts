import type { z } from 'zod';
import { describeValue } from './describe-value.ts';
import { IhandlerError } from './error.ts';
import { escapeControls } from './escape-controls.ts';
import { isSecretName } from './secret-name.ts';

/** One thing wrong with options. */
export interface OptionProblem {
  /** `a.b[0]`, or `''` for the whole. */
  readonly path: string;
  readonly message: string;
}

function pathOf(path: readonly PropertyKey[]): string {
  const steps = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  return escapeControls(steps.join('').replace(/^\./, ''));
}

/** What there is instead, unless it may be a secret. */
function found(input: unknown, path: readonly PropertyKey[]): string {
  let value: unknown = input;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  const isSecret = value !== undefined && path.some((key) => isSecretName(String(key)));
  return isSecret ? 'a value that is not shown' : describeValue(value);
}

function problemsIn(issues: readonly z.core.$ZodIssue[], input: unknown): OptionProblem[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'there is no such option' }))
      : [{ path: pathOf(issue.path), message: `${issue.message}; found ${found(input, issue.path)}` }],
  );
}

/**
 * Parses what a user wrote, once, at the door of whoever owns the options. Throws `OPTIONS_INVALID` with all problems
 * together, each with its path, what was expected and what was found; {@link optionProblems} takes them out again.
 */
export function parseOptions<S extends z.ZodType>(schema: S, input: unknown, owner: string): z.output<S> {
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  const problems = problemsIn(result.error.issues, input);
  const lines = problems.map(({ path, message }) => `  ${path || 'the options'}: ${message}`);
  throw Object.assign(
    new IhandlerError('OPTIONS_INVALID', `${owner}: these options do not fit:\n${lines.join('\n')}`),
    { problems },
  );
}

/** The problems that an error of {@link parseOptions} holds, of any copy of core; none for other errors. */
export function optionProblems(error: unknown): readonly OptionProblem[] {
  if (!(error instanceof Error) || !('problems' in error) || !Array.isArray(error.problems)) return [];
  return error.problems.filter(
    (problem): problem is OptionProblem =>
      typeof problem?.path === 'string' && typeof problem.message === 'string',
  );
}
