import { describeValue } from '../../contract/text/describe-value.ts';
import { escapeControls } from '../../contract/text/escape-controls.ts';

/** The first problem of a value. */
export interface Problem {
  /** The path within the checked value: `remote.port`, `via[2].protocol`, or `''` for the value itself. */
  readonly path: string;
  readonly expected: string;
  /** The value found, short and with control characters escaped. */
  readonly found: string;
}

/** Returns the problem of a value; undefined, without any allocation, when the value fits. */
export type Check = (value: unknown) => Problem | undefined;

/** Whether a value is an object as JSON and the schemas mean it. */
export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function step(key: string | number): string {
  return typeof key === 'number' ? `[${key}]` : escapeControls(key.slice(0, 60));
}

/** The problem that a value, or the value under a key of an object or list, is not the expected one. */
export function wrong(value: unknown, expected: string, key?: string | number): Problem {
  return { path: key === undefined ? '' : step(key), expected, found: describeValue(value) };
}

/** The same problem with its path extended by the key of the object or list that holds the value. */
export function under(key: string | number, { path, expected, found }: Problem): Problem {
  const isJoined = path === '' || path.startsWith('[');
  return { path: isJoined ? step(key) + path : `${step(key)}.${path}`, expected, found };
}

/** The deepest of the problems with several shapes: its shape was probably the intended one. */
export function likelier(...problems: readonly [Problem, ...Problem[]]): Problem {
  const depth = ({ path }: Problem) => (path === '' ? 0 : path.split(/[.[]/).length);
  return problems.reduce((best, problem) => (depth(problem) > depth(best) ? problem : best));
}
