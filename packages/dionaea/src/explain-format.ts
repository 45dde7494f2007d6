import { escapeControls } from '@ihandler/core';
import { foreignFormat, isRecord } from '@ihandler/core/kit';
import { isDatabase } from './recognise.ts';
import { firstLine } from './text/first-line.ts';

/** What a file without lines of log_incident holds, and what to do; two sentences. */
export interface FormatProblem {
  readonly found: string;
  readonly fix: string;
}

const writeLogIncident =
  'Enable log_incident in dionaea (ihandler init --dionaea DIR shows how) and use its file, or follow the database of dionaea with dionaea-database.';

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // not JSON, or cut
  }
}

function isLogJson(line: string): boolean {
  const value = parsed(line);
  const keys = isRecord(value) ? Object.keys(value) : [...line.matchAll(/"(\w+)":/g)].map(([, key]) => key);
  return ['src_ip', 'dst_ip', 'connection'].every((key) => keys.includes(key)) && !keys.includes('origin');
}

/** Explains the format of a file from its beginning; undefined when it has no line yet, or begins as an incident. */
export function explainFormat(head: Buffer, file: string): FormatProblem | undefined {
  if (isDatabase(head))
    return {
      found: 'Expected lines of log_incident, found an SQLite database.',
      fix: 'Follow it with the source dionaea-database, or import it.',
    };
  const foreign = foreignFormat(head);
  if (foreign !== undefined)
    return {
      found: `Expected lines of UTF-8 text, found ${foreign.name}.`,
      fix: `Convert it: ${foreign.command.replaceAll('FILE', file)}`,
    };
  const line = firstLine(head).toString('utf8');
  if (line === '') return undefined;
  if (isLogJson(line))
    return {
      found:
        'Expected lines of log_incident, found those of log_json (dionaea.json of T-Pot), which lack most of an attack.',
      fix: writeLogIncident,
    };
  const value = parsed(line);
  if (isRecord(value) && typeof value['origin'] === 'string') return undefined;
  return {
    found: `Expected lines of log_incident, found ${escapeControls(line.slice(0, 80))}.`,
    fix: writeLogIncident,
  };
}
