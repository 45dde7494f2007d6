import type { Value } from '../contract/incident.ts';
import type { Conversion, FactSource } from '../contract/meaning/origins.ts';
import { isRecord } from '../contract/property.ts';

/** Finds a value in the data of an incident; undefined if it is missing or null. */
export type Find = (data: Value) => Value | undefined;

/** Attackers may write long texts: a fact made of several values is at most this long. */
const LONGEST_TEXT = 65_536;

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** A value as text; undefined for an object. A list is joined by spaces. */
export function textOf(value: Value | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value instanceof Uint8Array) return utf8.decode(value);
  if (!Array.isArray(value)) return undefined;
  return value.map((item: Value) => textOf(item) ?? '').join(' ');
}

const conversions: Readonly<Record<Conversion, (value: Value) => Value | undefined>> = {
  seconds(value) {
    const seconds = typeof value === 'number' ? value : Number.parseFloat(textOf(value) ?? '');
    return Number.isFinite(seconds) ? seconds * 1000 : undefined;
  },
  time(value) {
    if (typeof value === 'number') return value;
    const [, day, clock, zone] =
      /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/.exec(
        textOf(value)?.slice(0, 40) ?? '',
      ) ?? [];
    const time = Date.parse(`${day}T${clock ?? '00:00'}${zone ?? 'Z'}`);
    return Number.isNaN(time) ? undefined : time;
  },
  basename: (value) => textOf(value)?.split(/[/\\]/).at(-1),
  word: (value) => textOf(value)?.trimStart().split(/\s/, 1)[0],
  count: (value) =>
    Array.isArray(value) ? value.length : isRecord(value) ? Object.keys(value).length : undefined,
};

function findPath(path: string): Find {
  const [first = '', ...rest] = path.split('.');
  const step = (value: Value | undefined, key: string): Value | undefined => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined;
    // Safe: of a list only indexes, of an object only its own keys are read.
    return Object.hasOwn(value, key) && key !== 'length' ? (value as Record<string, Value>)[key] : undefined;
  };
  if (rest.length === 0) return (data) => step(data, first) ?? undefined;
  return (data) => {
    let value = step(data, first);
    for (const key of rest) value = step(value, key);
    return value ?? undefined;
  };
}

function findConverted(path: string, as: Conversion): Find {
  const find = findPath(path);
  const convert = Object.hasOwn(conversions, as) ? conversions[as] : undefined;
  return (data) => {
    const value = find(data);
    return value === undefined ? undefined : convert?.(value);
  };
}

/** A text in which `{path}` or `{path:conversion}` stands for a value. */
function findText(template: string): (data: Value) => string | undefined {
  const parts = template.split(/\{([^{}]*)\}/).map((part, index) => {
    if (index % 2 === 0) return () => part;
    const [path = '', as] = part.split(':');
    const find = as === undefined ? findPath(path) : findConverted(path, as as Conversion);
    return (data: Value) => textOf(find(data));
  });
  return (data) => {
    let text = '';
    for (const part of parts) {
      const next = part(data);
      if (next === undefined) return undefined;
      text += next;
    }
    return text.slice(0, LONGEST_TEXT);
  };
}

function findPicked(keys: readonly string[]): Find {
  const finds = keys.map((key) => [key, findPath(key)] as const);
  return (data) => {
    const found = finds.flatMap(([key, find]) => {
      const value = find(data);
      return value === undefined ? [] : [[key, value] as const];
    });
    return found.length === 0 ? undefined : Object.fromEntries(found);
  };
}

/** Compiles a source of a fact. One that this version does not know finds nothing. */
export function compileSource(source: FactSource): Find {
  if (typeof source === 'string') return findPath(source);
  if (Array.isArray(source)) {
    const finds = source.map(compileSource);
    return (data) => {
      for (const find of finds) {
        const value = find(data);
        if (value !== undefined) return value;
      }
      return undefined;
    };
  }
  if ('value' in source) return () => source.value;
  if ('path' in source) return findConverted(source.path, source.as);
  if ('text' in source) return findText(source.text);
  if ('lookup' in source) {
    const [key, values] = [findText(source.lookup), new Map(Object.entries(source.in))];
    return (data) => values.get(key(data) ?? '') ?? undefined;
  }
  if ('pick' in source) return findPicked(source.pick);
  return () => undefined;
}
