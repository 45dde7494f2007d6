import { describeError, escapeControls, type UntypedData } from '@ihandler/core';
import { isRecord } from '@ihandler/core/kit';
import {
  createTimestampParser,
  type LineContext,
  type LineFormat,
  type LineIncident,
} from '@ihandler/source-kit';
import { explainOther, writeLogIncident } from '../explain-format.ts';
import { createPathMapping, type MapPaths, relativePathWarning } from '../map-path.ts';
import { readConnection } from './connection.ts';
import { redactUpload } from './redact.ts';
import { stripUuid } from './strip-uuid.ts';

type Fields = Record<string, unknown>;

/** The settings of {@link createLogIncident}. */
export interface LogIncidentSettings {
  readonly maxDepth: number;
  readonly paths?: Readonly<Record<string, string>> | undefined;
  /** The folder in which relative paths start. */
  readonly root?: string | undefined;
  /** Receives each path of a sample that is relative in spite of `paths` and `root`. @default a warning, once */
  readonly onRelative?: ((path: string) => void) | undefined;
}

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

/** The time of a line; undefined when it has none. */
function timeOf(line: string): number | undefined {
  const wire: unknown = JSON.parse(line);
  return isRecord(wire) ? createTimestampParser()(wire['timestamp']) : undefined;
}

/** Whether a line is of log_incident, valid or not. */
function looksLike(line: string): boolean {
  const wire: unknown = JSON.parse(line);
  return isRecord(wire) && typeof wire['origin'] === 'string';
}

/**
 * Makes the format of log_incident (`{"timestamp", "name", "origin", "data"}`), as dionaea has written it since 2016. It
 * remembers the last second and the known origins, so that a million incidents share one string for each.
 */
export function createLogIncident({ maxDepth, paths, root, onRelative }: LogIncidentSettings): LineFormat {
  const parseTimestamp = createTimestampParser();
  const origins = new Map<string, string>();
  let mapPaths: MapPaths | 'none' | undefined;

  function mapping(context: LineContext): MapPaths | undefined {
    mapPaths ??=
      createPathMapping(paths, root, onRelative ?? relativePathWarning(context, context.local)) ?? 'none';
    return mapPaths === 'none' ? undefined : mapPaths;
  }
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

  function incidentIn(text: string, context: LineContext): LineIncident | string {
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
    repairs.get(origin)?.(data);
    mapping(context)?.(origin, data);
    // Safe: JSON.parse makes plain data, and only plain data was added to it.
    return { origin, timestamp, data: data as UntypedData };
  }

  return {
    name: 'log_incident',
    title: 'lines of log_incident',
    fix: writeLogIncident,
    parse(text, context) {
      const incident = incidentIn(text, context);
      return typeof incident === 'string' ? { reject: incident } : { incidents: [incident] };
    },
    timeOf,
    looksLike,
    explain: explainOther,
    beginning: /\{"(?:timestamp|name|origin|data)"\s*:/g,
  };
}
