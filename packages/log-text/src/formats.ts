import { escapeJson, type Incident, type Level, type Value } from '@ihandler/core';
import { fieldsText, headValue, isConnection } from './field-text.ts';
import { jsonData } from './json/json-data.ts';
import { dataShape } from './json/json-shape.ts';
import { dionaeaTime, utcTime } from './time-text.ts';

/** Formats an incident as one line without the newline. No field of the incident can end the line or add another. */
export type LineFormat = (incident: Incident, level: Level) => string;

function linesFormat({ timestamp, sensor, origin, data }: Incident, level: Level): string {
  const head = `${utcTime(timestamp)} ${headValue(sensor)} ${headValue(origin)}-${level}:`;
  const fields = fieldsText('', data);
  return fields === '' ? head : `${head} ${fields}`;
}

/**
 * Writes the word `incident` before the fields: parsers of dionaea's lines expect a file name and a level there, which an
 * attacker could otherwise write into the first field.
 */
function dionaeaFormat({ timestamp, origin, data }: Incident, level: Level): string {
  const head = `[${dionaeaTime(timestamp)}] ${headValue(origin)}-${level}: incident`;
  const fields = fieldsText('', data);
  return fields === '' ? head : `${head} ${fields}`;
}

/** The id of the connection in the data; for a link, that of the child. */
function connectionId(data: Incident['data']): string | undefined {
  for (const key of ['connection', 'child']) {
    const value = Object.hasOwn(data, key) ? data[key] : undefined;
    if (isConnection(value)) return value.id;
  }
  return undefined;
}

function jsonFormat({ timestamp, sensor, id, origin, data, misfit }: Incident, level: Level): string {
  const connection = connectionId(data);
  const line: { readonly [key: string]: Value } = {
    timestamp: utcTime(timestamp),
    sensor,
    id,
    origin,
    level,
    ...(connection !== undefined && { connection }),
    ...(misfit !== undefined && { misfit }),
    data: jsonData(data, dataShape()),
  };
  return escapeJson(JSON.stringify(line));
}

/** The formats by name. */
export const formats = {
  lines: linesFormat,
  dionaea: dionaeaFormat,
  json: jsonFormat,
} as const satisfies Readonly<Record<string, LineFormat>>;

/** The name of a format. */
export type FormatName = keyof typeof formats;
