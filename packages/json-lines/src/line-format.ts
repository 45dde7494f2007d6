import type { Connection, UntypedData, Value } from '@ihandler/core';
import { describeError } from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';
import { compileSource, textOf } from '@ihandler/core/origins';
import type { LineFormat } from '@ihandler/source-kit';
import type { Mapping } from './mapping.ts';
import { createConnectionReader } from './read-connection.ts';
import { createTimeReader } from './read-time.ts';

/** Deepest accepted nesting of a line. */
const DEEPEST = 100;
const originPart = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function parseObject(line: string): { readonly [key: string]: Value } | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    return `Expected a JSON object in one line: ${describeError(error)}`;
  }
  if (!isRecord(parsed)) return 'Expected a JSON object in one line, found another value.';
  if (isDeeper(parsed, DEEPEST)) return `Expected at most ${DEEPEST} levels, found more.`;
  // Safe: JSON contains only values.
  return parsed as { readonly [key: string]: Value };
}

/** Makes the function that returns the origin of a line; undefined for a line to be skipped. */
function createOriginReader(origin: Mapping['origin']): (line: Value) => string | undefined {
  if (typeof origin === 'string') return () => origin;
  const { path, prefix, names, otherwise, skip } = origin;
  const find = compileSource(path);
  const skipped = new Set(skip.map(String));
  const known = new Map(Object.entries(names));
  return (line) => {
    const kind = textOf(find(line));
    if (kind === undefined) return otherwise;
    if (skipped.has(kind)) return undefined;
    const name = known.get(kind);
    if (name !== undefined) return prefix + name;
    // A name that a sensor of a later version invents stays visible; any other text is data.
    return prefix !== '' && known.size === 0 && kind.length < 100 && originPart.test(kind)
      ? prefix + kind
      : otherwise;
  };
}

/** The data of an incident: the line, and its connection in the form of core. */
function dataOf(line: UntypedData, connection: Connection | undefined): UntypedData {
  if (connection === undefined) return line;
  const { connection: own, ...rest } = line;
  return own === undefined ? { ...line, connection } : { ...rest, raw_connection: own, connection };
}

/** The format of the lines that a mapping describes. */
export function createLineFormat(mapping: Mapping): LineFormat {
  const { name, connection, requires, origins } = mapping;
  const timeOf = createTimeReader(mapping.time);
  const originOf = createOriginReader(mapping.origin);
  const connectionOf = connection && createConnectionReader(connection);
  const required = requires.map((path) => compileSource(path));
  const timePath = typeof mapping.time === 'string' ? mapping.time : mapping.time.path;

  return {
    name,
    title: `lines of ${name} in JSON`,
    ...(connection?.remember === true && { sessions: {} }),
    parse(text, { sessions }) {
      const line = parseObject(text);
      if (typeof line === 'string') return { reject: line };
      const origin = originOf(line);
      if (origin === undefined) return { incidents: [] };
      const timestamp = timeOf(line);
      if (timestamp === undefined)
        return { reject: `Expected a time at "${[timePath].flat().join('", "')}", found none.` };
      const closes = origins[origin]?.closes === true;
      const found = connectionOf?.(line, sessions, closes);
      return { incidents: [{ origin, timestamp, data: dataOf(line, found) }] };
    },
    timeOf(text) {
      const line = parseObject(text);
      return typeof line === 'string' ? undefined : timeOf(line);
    },
    looksLike(text) {
      const line = parseObject(text);
      return (
        typeof line !== 'string' &&
        timeOf(line) !== undefined &&
        required.every((find) => find(line) !== undefined)
      );
    },
  };
}
