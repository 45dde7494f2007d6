import type { z } from 'zod';
import { IhandlerError } from './error.ts';
import { describeValue } from './text/describe-value.ts';
import { escapeControls } from './text/escape-controls.ts';
import { issueText } from './text/issue-text.ts';

/** One problem with an option. */
export interface OptionProblem {
  /** The path of the option, such as `a.b[0]`; `''` for the options as a whole. */
  readonly path: string;
  /** The expected and the actual value. Secrets are not shown. */
  readonly message: string;
}

const secretName = /key|secret|token|pass|pwd|credential|^auth(?:orization)?$/i;

/**
 * Whether an option or a log field of this name may hold a secret, such as `apiKey`, `secret_access_key`, `password` or
 * `Authorization`. Its value must not be printed. Errs on the side of secrecy: `keyword` counts as a secret, too.
 */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

function pathOf(path: readonly PropertyKey[]): string {
  const steps = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  return escapeControls(steps.join('').replace(/^\./, ''));
}

/** The value at a path as a message shows it, unless it may be a secret. */
function found(input: unknown, path: readonly PropertyKey[]): string {
  let value: unknown = input;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  const isSecret = value !== undefined && path.some((key) => isSecretName(String(key)));
  return isSecret ? 'a value (hidden)' : describeValue(value);
}

function problemsIn(issues: readonly z.core.$ZodIssue[], input: unknown): OptionProblem[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'unknown option' }))
      : [
          {
            path: pathOf(issue.path),
            message: `${issueText(issue)}; found ${found(input, issue.path)}`,
          },
        ],
  );
}

/**
 * Parses the options that a user wrote. Call it once, in the factory of the handler, source or journal that `owner` names.
 * Throws `OPTIONS_INVALID` with all problems at once, each with its path and the expected and actual value;
 * {@link optionProblems} extracts them from the error.
 */
export function parseOptions<S extends z.ZodType>(schema: S, input: unknown, owner: string): z.output<S> {
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  const problems = problemsIn(result.error.issues, input);
  const lines = problems.map(({ path, message }) => `  ${path || 'options'}: ${message}`);
  throw Object.assign(
    new IhandlerError('OPTIONS_INVALID', `${owner}: invalid options:\n${lines.join('\n')}`),
    { problems },
  );
}

/** The problems in an error of {@link parseOptions}, of any copy of core; empty for other errors. */
export function optionProblems(error: unknown): readonly OptionProblem[] {
  if (!(error instanceof Error) || !('problems' in error) || !Array.isArray(error.problems)) return [];
  return error.problems.filter(
    (problem): problem is OptionProblem =>
      typeof problem?.path === 'string' && typeof problem.message === 'string',
  );
}
