import { checks } from './check.generated.ts';

/**
 * The reason why data does not fit the schema of its origin in the catalogue: the first problem with its path and the
 * expected and actual value. Undefined when the data fits, or the catalogue lacks the origin. A key whose value is
 * `undefined` counts as missing.
 */
export function misfitOf(origin: string, data: object): string | undefined {
  const problem = checks.get(origin)?.(data);
  if (problem === undefined) return undefined;
  const { path, expected, found } = problem;
  return `${path === '' ? 'data' : path}: expected ${expected}, found ${found}`;
}
