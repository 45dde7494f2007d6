import { checks } from './check.generated.ts';

/**
 * Says why data does not fit the schema of its origin: the first problem, as path, expectation and finding. Undefined when
 * it fits or the origin has no schema. A key whose value is `undefined` counts as missing.
 */
export function misfitOf(origin: string, data: object): string | undefined {
  const problem = checks.get(origin)?.(data);
  if (problem === undefined) return undefined;
  const { path, expected, found } = problem;
  return `${path === '' ? 'data' : path}: expected ${expected}, found ${found}`;
}
