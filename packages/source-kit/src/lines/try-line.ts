import { silentLog } from '@ihandler/core';
import type { LineFormat, LineResult } from '../format.ts';
import { createSessions, noSessions } from '../sessions.ts';

/** What a format makes of a line without the lines before it; nothing is kept. */
function tryLine(format: LineFormat, line: string): LineResult {
  const sessions = format.sessions === undefined ? noSessions : createSessions(format.sessions);
  try {
    return format.parse(line, { sensor: 'sensor', local: false, log: silentLog, sessions });
  } catch {
    return { reject: 'Expected a valid line, found another one.' };
  }
}

/** The time of a line in milliseconds; undefined when it has none. */
export function timeOfLine(format: LineFormat, line: string): number | undefined {
  if (format.timeOf === undefined) {
    const result = tryLine(format, line);
    return 'reject' in result ? undefined : result.incidents[0]?.timestamp;
  }
  try {
    return format.timeOf(line);
  } catch {
    return undefined; // as for a line that is half written
  }
}

/** Whether a line is of a format, valid or not. */
export function looksLike(format: LineFormat, line: string): boolean {
  if (format.looksLike === undefined) return isValid(format, line);
  try {
    return format.looksLike(line);
  } catch {
    return false; // as for a line that is half written
  }
}

/** Whether a format accepts a line. */
export function isValid(format: LineFormat, line: string): boolean {
  return !('reject' in tryLine(format, line));
}

/** How many incidents a line holds by itself. */
export function incidentsIn(format: LineFormat, line: string): number {
  const result = tryLine(format, line);
  return 'reject' in result ? 0 : result.incidents.length;
}
