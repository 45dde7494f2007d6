import {
  createIncident,
  describeError,
  escapeControls,
  type Incident,
  type UntypedData,
} from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';
import { idAt, type LogAlias } from '../known-logs/state.ts';
import { createPathMapping } from '../map-path.ts';
import { createTimestampParser } from '../timestamp.ts';
import { readConnection } from './connection.ts';
import { cutValues, lengthOver } from './cut-values.ts';
import { redactUpload } from './redact.ts';
import { stripUuid } from './strip-uuid.ts';

type Fields = Record<string, unknown>;

/** The settings for all lines of a stream. */
export interface LineSettings {
  readonly sensor: string;
  readonly stream: string;
  /** The lines at the beginning that were read in another text. */
  readonly alias?: LogAlias | undefined;
  readonly maxDepth: number;
  /** The longest line, in bytes, whose values are not cut. */
  readonly maxLine: number;
  readonly paths?: Readonly<Record<string, string>> | undefined;
  /** The folder in which relative paths start. */
  readonly root?: string | undefined;
  /** Receives each path of a sample that is relative in spite of `paths` and `root`. */
  readonly onRelative?: ((path: string) => void) | undefined;
  /** Whether the files that the lines name are on this machine. */
  readonly local?: boolean | undefined;
}

/** Reads one line; `ordinal` is the offset of its end. Returns the reason, as text for people, when the line is invalid. */
export type ReadLine = (text: string, ordinal: number) => Incident | string;

/** Whether a value nests deeper than `levels`; does not recurse further than that. */
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

/** Corrections to the data of single origins, in place. */
const repairs = new Map<string, (data: Fields) => void>([
  ['dionaea.upload.request', redactUpload],
  ['dionaea.modules.python.smb.dcerpc.bind', stripUuids],
  ['dionaea.modules.python.smb.dcerpc.request', stripUuids],
]);

function parse(text: string): { readonly wire: unknown } | string {
  try {
    return { wire: JSON.parse(text) };
  } catch (error) {
    return `Expected a JSON object, found invalid JSON: ${escapeControls(describeError(error)).slice(0, 200)}.`;
  }
}

/**
 * Makes a reader of log_incident lines (`{"timestamp", "name", "origin", "data"}`), as dionaea has written them since 2016.
 * It remembers the last second and the known origins, so that a million incidents share one string for each.
 */
export function createLineReader(settings: LineSettings): ReadLine {
  const { sensor, stream, alias, maxDepth, maxLine, local } = settings;
  const parseTimestamp = createTimestampParser();
  const mapPaths = createPathMapping(settings.paths, settings.root, settings.onRelative);
  const origins = new Map<string, string>();

  function shared(origin: string): string {
    const known = origins.get(origin);
    if (known !== undefined) return known;
    if (origins.size < 1000 && origin.length <= 256) origins.set(origin, origin);
    return origin;
  }

  /** Converts the data to the form of core, in place; false when it nests too deep. */
  function reshape(data: Fields): boolean {
    for (const key in data) {
      const value = data[key];
      if (typeof value !== 'object' || value === null) continue;
      if (nestsDeeper(value, maxDepth - 2)) return false;
      if ((key === 'connection' || key === 'parent' || key === 'child') && isRecord(value))
        data[key] = readConnection(value);
    }
    return true;
  }

  return (text, ordinal) => {
    const parsed = parse(text);
    if (typeof parsed === 'string') return parsed;
    const { wire } = parsed;
    if (!isRecord(wire)) return `Expected a JSON object, found ${escapeControls(text.slice(0, 80))}.`;
    if (typeof wire['origin'] !== 'string') return 'Expected an incident, found no string "origin".';
    const timestamp = parseTimestamp(wire['timestamp']);
    if (timestamp === undefined)
      return 'Expected a "timestamp" of the form YYYY-MM-DDTHH:MM:SS.ffffff, found none or one of another form.';
    const origin = shared(wire['origin']);
    const data = wire['data'] ?? {};
    if (!isRecord(data)) return 'Expected "data" to be an object, found another type.';
    if (!reshape(data)) return `Expected at most ${maxDepth} levels, found more.`;
    const length = lengthOver(text, maxLine);
    if (length !== undefined && !cutValues(data, length, maxLine))
      return `Expected a line of at most ${maxLine} bytes, or one with long values that can be cut; found ${length} bytes.`;
    repairs.get(origin)?.(data);
    mapPaths?.(origin, data);
    try {
      // Safe: JSON.parse makes plain data, and only plain data was added to it.
      return createIncident({
        id: idAt(stream, alias, ordinal),
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
