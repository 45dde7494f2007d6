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

/** The other files of lines that a dionaea writes. */
const otherFormats: readonly { readonly matches: (line: string) => boolean; readonly found: string }[] = [
  {
    matches: isLogJson,
    found:
      'Expected lines of log_incident, found those of log_json (dionaea.json of T-Pot), which lack most of an attack.',
  },
  {
    matches: (line) =>
      /^\[(?:\d{8} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]+Z)\] .*-(?:debug|info|message|warning|error|critical): /.test(
        line,
      ),
    found: "Expected lines of log_incident, found dionaea's text log, which holds no incidents.",
  },
  {
    matches: (line) => /^\d{4}-\d\d-\d\dT[\d:.]+ [\da-f.:]+ [\da-f.:]+ /i.test(line),
    found:
      "Expected lines of log_incident, found those of dionaea's fail2ban, which hold only addresses and URLs.",
  },
];

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
  const other = otherFormats.find(({ matches }) => matches(line));
  if (other !== undefined) return { found: other.found, fix: writeLogIncident };
  const value = parsed(line);
  if (isRecord(value) && typeof value['origin'] === 'string') return undefined;
  return {
    found: `Expected lines of log_incident, found ${escapeControls(line.slice(0, 80))}.`,
    fix: writeLogIncident,
  };
}

/** The explanation of a file that holds another format for certain, as text for people; undefined for every other file. */
export function explainKnownFormat(head: Buffer, file: string): FormatProblem | undefined {
  const line = firstLine(head).toString('utf8');
  const isKnown = foreignFormat(head) !== undefined || otherFormats.some(({ matches }) => matches(line));
  return isKnown ? explainFormat(head, file) : undefined;
}

/** Explains a file of another format that a dionaea writes; undefined for a format that this source does not know. */
export function explain(head: Uint8Array, path: string): string | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const problem = explainKnownFormat(bytes, path);
  return problem && `${problem.found} ${problem.fix}`;
}
