import type { UntypedData, Value } from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';
import { knownOrigins } from '../origins.ts';

const { misfitOf } = knownOrigins;

/** Hostile data, and what is hostile about it. */
export interface Variation {
  readonly what: string;
  readonly data: UntypedData;
}

/** The same value with every leaf (string, number, …) replaced. */
function replaceLeaves(value: Value, replace: (leaf: Value) => Value): Value {
  if (Array.isArray(value)) return value.map((item: Value) => replaceLeaves(item, replace));
  if (!isRecord(value)) return replace(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceLeaves(item, replace)]));
}

/** Replaces leaves under each key of the data where the schema of the origin allows it. */
function replaceWhereFits(origin: string, data: UntypedData, replace: (leaf: Value) => Value): UntypedData {
  let result = data;
  for (const [key, value] of Object.entries(data)) {
    const candidate = { ...result, [key]: replaceLeaves(value, replace) };
    if (misfitOf(origin, candidate) === undefined) result = candidate;
  }
  return result;
}

function withText(text: Value): (leaf: Value) => Value {
  return (leaf) => (typeof leaf === 'string' ? text : leaf);
}

function withNumber(number: number): (leaf: Value) => Value {
  return (leaf) => (typeof leaf === 'number' ? number : leaf);
}

const texts: readonly (readonly [what: string, text: string])[] = [
  ['control characters', '\u0000\u0007\u001b[2J\u001b]0;title\u0007\r\n\t\u0085\u2028\u202e'],
  ['quotes and commands', `'"\`; DROP TABLE connections; -- $(id) {{7*7}} %s ../../etc/passwd`],
  ['halves of surrogate pairs', '\ud800 \udfff\ud800'],
];

/** The data with hostile text in place of every string, and in a key that the schema does not name. */
export function hostileTexts(origin: string, data: UntypedData): readonly Variation[] {
  return texts.map(([what, text]) => ({
    what,
    data: { ...replaceWhereFits(origin, data, withText(text)), extra: text },
  }));
}

/** The data with bytes that are not valid UTF-8 where text may be bytes. Each call makes new bytes. */
export function hostileBytes(origin: string, data: UntypedData): readonly Variation[] {
  const bytes = () => Uint8Array.of(0xff, 0xfe, 0x00, 0xc3, 0x28);
  const replaced = replaceWhereFits(origin, data, (leaf) => (typeof leaf === 'string' ? bytes() : leaf));
  return [{ what: 'bytes', data: { ...replaced, extra: bytes() } }];
}

/** The data with unusual numbers in place of every number. */
export function hostileNumbers(origin: string, data: UntypedData): readonly Variation[] {
  return [0, -1, Number.MAX_SAFE_INTEGER].map((number) => ({
    what: `the number ${number}`,
    data: { ...replaceWhereFits(origin, data, withNumber(number)), extra: [-0, 5e-324, 1.7e308, number] },
  }));
}

/** The least data that fits: no optional keys, empty strings, empty lists. */
export function emptied(origin: string, data: UntypedData): readonly Variation[] {
  let result = data;
  for (const key of Object.keys(data)) {
    const { [key]: _, ...rest } = result;
    if (misfitOf(origin, rest) === undefined) result = rest;
  }
  for (const [key, value] of Object.entries(result)) {
    const candidate = { ...result, [key]: Array.isArray(value) ? [] : replaceLeaves(value, withText('')) };
    if (misfitOf(origin, candidate) === undefined) result = candidate;
  }
  return [{ what: 'minimal data', data: result }];
}

/** The largest value that sources accept, many keys, and deep nesting. */
export function huge(origin: string, data: UntypedData): readonly Variation[] {
  const text = 'A'.repeat(2 ** 20);
  const [key] = Object.keys(data).filter(
    (each) => typeof data[each] === 'string' && misfitOf(origin, { ...data, [each]: text }) === undefined,
  );
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`key-${n}`, n]));
  const deep = Array.from({ length: 98 }).reduce<Value>((inner) => ({ inner }), 'core');
  return [
    { what: 'a string of 1 MiB', data: { ...data, [key ?? 'extra']: text } },
    { what: '10,000 keys', data: { ...data, ...many } },
    { what: '100 levels', data: { ...data, extra: deep } },
  ];
}

const trickyKeys = ['constructor', 'hasOwnProperty', 'toString', 'valueOf', 'toJSON', 'length', 'then'];

/** Keys that are also names of members of every object. */
export function trickyKeysIn(_origin: string, data: UntypedData): readonly Variation[] {
  const keys = Object.fromEntries(trickyKeys.map((key) => [key, 'an ordinary key']));
  // Parsed, because a literal would set the prototype instead.
  const proto: { readonly [key: string]: Value } = JSON.parse(
    '{"__proto__": {"polluted": "by the key __proto__"}}',
  );
  return [
    { what: 'keys such as hasOwnProperty', data: { ...data, ...keys } },
    { what: 'a key __proto__', data: { ...data, ...proto, extra: { ...proto } } },
  ];
}

/** Data that does not fit the schema of the origin, in several ways. */
export function misfits(origin: string, data: UntypedData): readonly Variation[] {
  const all = (value: Value): UntypedData => Object.fromEntries(Object.keys(data).map((key) => [key, value]));
  const variations = [
    { what: 'no data', data: {} },
    { what: 'nulls', data: all(null) },
    { what: 'numbers', data: all(7) },
    { what: 'text', data: all('text') },
    { what: 'lists', data: all([]) },
    { what: 'empty objects', data: all({}) },
  ];
  return variations.filter((variation) => misfitOf(origin, variation.data) !== undefined);
}
