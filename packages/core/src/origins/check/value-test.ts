import type { JsonSchema } from '../../contract/meaning/json-schema.ts';
import { isObject } from './problem.ts';

/** A test of a value that needs no path: true if it fits. */
export interface ValueTest {
  readonly fits: (value: unknown) => boolean;
  /** What is expected, for people. */
  readonly expected: string;
}

const byType: ReadonlyMap<string, ValueTest> = new Map<string, ValueTest>([
  ['string', { fits: (value) => typeof value === 'string', expected: 'a string' }],
  ['number', { fits: (value) => Number.isFinite(value), expected: 'a number' }],
  ['integer', { fits: (value) => Number.isSafeInteger(value), expected: 'an integer' }],
  ['boolean', { fits: (value) => typeof value === 'boolean', expected: 'a boolean' }],
  ['null', { fits: (value) => value === null, expected: 'null' }],
  ['object', { fits: isObject, expected: 'an object' }],
  ['array', { fits: Array.isArray, expected: 'a list' }],
]);

/** Attackers write long texts: a pattern is matched against this many characters at most; a longer text does not fit. */
const LONGEST_FOR_PATTERN = 65_536;

/** The test that one of several tests is passed. */
export function anyOfTests(tests: readonly ValueTest[]): ValueTest {
  const [first, second, ...more] = tests;
  const expected = [...new Set(tests.flatMap((test) => test.expected.split(' or ')))].join(' or ');
  if (first === undefined) return { fits: () => true, expected: 'anything' };
  if (second === undefined) return first;
  // Two are the usual case; a loop is slower.
  if (more.length === 0) return { fits: (value) => first.fits(value) || second.fits(value), expected };
  return { fits: (value) => tests.some((test) => test.fits(value)), expected };
}

/** The test that a value is bytes. */
export const bytesTest: ValueTest = { fits: (value) => value instanceof Uint8Array, expected: 'bytes' };

function limits(schema: JsonSchema): readonly ValueTest[] {
  const { pattern, minLength, maxLength, minItems, maxItems } = schema;
  const tests: ValueTest[] = [];
  const add = (expected: string, fits: (value: unknown) => boolean) => tests.push({ expected, fits });
  if (schema.enum !== undefined) {
    const values = new Set(schema.enum);
    add(`one of ${[...values].map((value) => JSON.stringify(value)).join(', ')}`, (value) =>
      values.has(value),
    );
  }
  if ('const' in schema) add(JSON.stringify(schema.const), (value) => value === schema.const);
  if (pattern !== undefined) {
    const expression = new RegExp(pattern, 'u');
    const expected = /^\^-\?\\d\{1,20\}\$$/.test(pattern) ? 'decimal digits' : `text like ${pattern}`;
    add(
      expected,
      (value) => typeof value !== 'string' || (value.length <= LONGEST_FOR_PATTERN && expression.test(value)),
    );
  }
  const length = (value: unknown) => (typeof value === 'string' ? value.length : undefined);
  const count = (value: unknown) => (Array.isArray(value) ? value.length : undefined);
  if (minLength !== undefined)
    add(`at least ${minLength} characters`, (value) => (length(value) ?? minLength) >= minLength);
  if (maxLength !== undefined)
    add(`at most ${maxLength} characters`, (value) => (length(value) ?? 0) <= maxLength);
  if (minItems !== undefined)
    add(`at least ${minItems} items`, (value) => (count(value) ?? minItems) >= minItems);
  if (maxItems !== undefined) add(`at most ${maxItems} items`, (value) => (count(value) ?? 0) <= maxItems);
  return [...tests, ...bounds(schema)];
}

function bounds({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): readonly ValueTest[] {
  const tests: ValueTest[] = [];
  const add = (expected: string, fits: (value: number) => boolean) =>
    tests.push({ expected, fits: (value) => typeof value !== 'number' || fits(value) });
  // Every integer is a safe one.
  if (minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER)
    add(`at least ${minimum}`, (value) => value >= minimum);
  if (maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER)
    add(`at most ${maximum}`, (value) => value <= maximum);
  if (exclusiveMinimum !== undefined)
    add(`more than ${exclusiveMinimum}`, (value) => value > exclusiveMinimum);
  if (exclusiveMaximum !== undefined)
    add(`less than ${exclusiveMaximum}`, (value) => value < exclusiveMaximum);
  return tests;
}

/** The test of the type of a schema and of its limits; a type that JSON Schema does not have fits nothing. */
export function valueTest(schema: JsonSchema): ValueTest {
  const types = schema.type === undefined ? [] : [schema.type].flat();
  const ofType = anyOfTests(
    types.map((type) => byType.get(type) ?? { fits: () => false, expected: `the type ${type}` }),
  );
  const [limit, ...more] = limits(schema);
  if (limit === undefined) return ofType;
  if (more.length === 0 && types.length === 1 && (schema.pattern !== undefined || schema.enum !== undefined))
    return { fits: (value) => ofType.fits(value) && limit.fits(value), expected: limit.expected };
  const all = [limit, ...more];
  const expected = [
    ...(types.length === 0 ? [] : [ofType.expected]),
    ...all.map((test) => test.expected),
  ].join(', ');
  return { fits: (value) => ofType.fits(value) && all.every((test) => test.fits(value)), expected };
}
