import { isRecord } from '@ihandler/core/kit';
import { explainKnownFormat, type FormatProblem, firstLine } from '@ihandler/source-kit';
import { isDatabase } from './recognise.ts';

/** What to do with a file that is not one of log_incident. */
export const writeLogIncident =
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

/** Explains another file that a dionaea writes, from its beginning; undefined for every other one. */
export function explainOther(head: Buffer): FormatProblem | undefined {
  if (isDatabase(head))
    return {
      found: 'Expected lines of log_incident, found an SQLite database.',
      fix: 'Follow it with the source dionaea-database, or import it.',
    };
  const line = firstLine(head).toString('utf8');
  const other = otherFormats.find(({ matches }) => matches(line));
  return other && { found: other.found, fix: writeLogIncident };
}

/** Explains a file of another format that a dionaea writes; undefined for a format that this source does not know. */
export function explain(head: Uint8Array, path: string): string | undefined {
  const problem = explainKnownFormat({ explain: explainOther }, head, path);
  return problem && `${problem.found} ${problem.fix}`;
}
