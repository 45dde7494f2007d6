import {
  createIncident,
  describeError,
  escapeControls,
  type Incident,
  type UntypedData,
} from '@ihandler/core';
import { createPathMapping } from '../map-path.ts';
import { createTimestampParser } from '../timestamp.ts';
import { readConnection } from './connection.ts';
import { redactUpload } from './redact.ts';
import { stripUuid } from './strip-uuid.ts';

type Fields = Record<string, unknown>;

/** What lines have in common. */
export interface LineSettings {
  readonly sensor: string;
  readonly stream: string;
  readonly maxDepth: number;
  readonly paths?: Readonly<Record<string, string>> | undefined;
  /** Whether the files that lines name are on this machine. */
  readonly local?: boolean | undefined;
}

/** Reads one line; `ordinal` is the offset of its end. Gives the reason, for people, when it is no incident. */
export type ReadLine = (text: string, ordinal: number) => Incident | string;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value nests deeper than `levels`; looks no deeper than that. */
function nestsDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return value.some((item) => nestsDeeper(item, levels - 1));
  for (const key in value) if (nestsDeeper((value as Fields)[key], levels - 1)) return true;
  return false;
}

function stripUuids(data: Fields): void {
  for (const key of ['uuid', 'transfersyntax']) {
    if (Object.hasOwn(data, key)) data[key] = stripUuid(data[key]);
  }
}

/** What is put right in the data of single origins, in place. */
const repairs = new Map<string, (data: Fields) => void>([
  ['dionaea.upload.request', redactUpload],
  ['dionaea.modules.python.smb.dcerpc.bind', stripUuids],
  ['dionaea.modules.python.smb.dcerpc.request', stripUuids],
]);

function parse(text: string): { readonly wire: unknown } | string {
  try {
    return { wire: JSON.parse(text) };
  } catch (error) {
    return `Expected a JSON object, found what is not JSON: ${escapeControls(describeError(error)).slice(0, 200)}.`;
  }
}

/**
 * Makes a reader of log_incident lines (`{"timestamp", "name", "origin", "data"}`), as dionaea writes them since 2016.
 * Remembers the last second and the origins it saw, so that a million incidents share one string for each.
 */
export function createLineReader({ sensor, stream, maxDepth, paths, local }: LineSettings): ReadLine {
  const parseTimestamp = createTimestampParser();
  const mapPaths = createPathMapping(paths);
  const origins = new Map<string, string>();

  function shared(origin: string): string {
    const known = origins.get(origin);
    if (known !== undefined) return known;
    if (origins.size < 1000 && origin.length <= 256) origins.set(origin, origin);
    return origin;
  }

  /** Gives core's form to the data, in place; false when it nests too deep. */
  function reshape(data: Fields): boolean {
    for (const key in data) {
      const value = data[key];
      if (typeof value !== 'object' || value === null) continue;
      if (nestsDeeper(value, maxDepth - 2)) return false;
      if ((key === 'connection' || key === 'parent' || key === 'child') && isObject(value))
        data[key] = readConnection(value);
    }
    return true;
  }

  return (text, ordinal) => {
    const parsed = parse(text);
    if (typeof parsed === 'string') return parsed;
    const { wire } = parsed;
    if (!isObject(wire)) return `Expected a JSON object, found ${escapeControls(text.slice(0, 80))}.`;
    if (typeof wire['origin'] !== 'string')
      return 'Expected an incident, found no "origin" that is a string.';
    const timestamp = parseTimestamp(wire['timestamp']);
    if (timestamp === undefined)
      return 'Expected a "timestamp" of the form YYYY-MM-DDTHH:MM:SS.ffffff, found none or another.';
    const origin = shared(wire['origin']);
    const data = wire['data'] ?? {};
    if (!isObject(data)) return 'Expected "data" that is an object, found something else.';
    if (!reshape(data)) return `Expected at most ${maxDepth} levels, found more.`;
    repairs.get(origin)?.(data);
    mapPaths?.(origin, data);
    try {
      // Safe: what JSON.parse makes is plain data, and only such was put into it.
      return createIncident({
        id: `${stream}:${ordinal}`,
        origin,
        timestamp,
        sensor,
        data: data as UntypedData,
        local,
      });
    } catch (error) {
      return describeError(error);
    }
  };
}
