import { describeValue } from '../contract/describe-value.ts';
import { escapeControls } from '../contract/escape-controls.ts';

/** The first thing wrong with a value. */
export interface Problem {
  /** Where, from the value that was checked: `remote.port`, `via[2].protocol`, or `''` for the value itself. */
  readonly path: string;
  readonly expected: string;
  /** What was there instead, short and safe to show. */
  readonly found: string;
}

/** Says what is wrong with a value; undefined, at the cost of no allocation, when nothing is. */
export type Check = (value: unknown) => Problem | undefined;

/** Whether a value is what JSON calls an object. */
export function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function step(key: string | number): string {
  return typeof key === 'number' ? `[${key}]` : escapeControls(key.slice(0, 60));
}

/** The value itself, or what an object or list has there under a key, is not what was expected. */
export function wrong(value: unknown, expected: string, key?: string | number): Problem {
  return { path: key === undefined ? '' : step(key), expected, found: describeValue(value) };
}

/** The same problem, seen from the object or list that holds the value under a key. */
export function under(key: string | number, { path, expected, found }: Problem): Problem {
  const isJoined = path === '' || path.startsWith('[');
  return { path: isJoined ? step(key) + path : `${step(key)}.${path}`, expected, found };
}

/** Of the problems with each of several shapes, the one that lies deepest: that shape was probably meant. */
export function likelier(...problems: readonly [Problem, ...Problem[]]): Problem {
  const depth = ({ path }: Problem) => (path === '' ? 0 : path.split(/[.[]/).length);
  return problems.reduce((best, problem) => (depth(problem) > depth(best) ? problem : best));
}
