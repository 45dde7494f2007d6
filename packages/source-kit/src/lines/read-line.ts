import { createIncident, describeError, escapeControls, type Incident, type Log } from '@ihandler/core';
import type { LineContext, LineFormat, LineIncident, LineResult } from '../format.ts';
import { idAt, type LogAlias } from '../known-logs/state.ts';
import { noSessions, type Sessions } from '../sessions.ts';
import { cutValues, lengthOver } from './cut-values.ts';

/** The settings for all lines of a stream. */
export interface LineSettings {
  readonly format: LineFormat;
  readonly sensor: string;
  readonly stream: string;
  /** The lines at the beginning that were read in another text. */
  readonly alias?: LogAlias | undefined;
  /** The longest line, in bytes, whose values are not cut. */
  readonly maxLine: number;
  /** Whether the files that the lines name are on this machine. */
  readonly local?: boolean | undefined;
  readonly sessions?: Sessions | undefined;
  readonly log: Log;
}

/**
 * Reads one line; `ordinal` is the offset of its end. Returns its incidents, none for a line to be skipped, or the reason, as
 * text for people, when the line is invalid.
 */
export type ReadLine = (text: string, ordinal: number) => readonly Incident[] | string;

/** Makes the reader of the lines of a stream. */
export function createLineReader(settings: LineSettings): ReadLine {
  const { format, sensor, stream, alias, maxLine, local = false, sessions = noSessions, log } = settings;
  const context: LineContext = { sensor, local, log, sessions };

  function parse(text: string): LineResult {
    try {
      return format.parse(text, context);
    } catch (error) {
      return { reject: escapeControls(describeError(error)).slice(0, 300) };
    }
  }
  function cut(incidents: readonly LineIncident[], text: string): string | undefined {
    const length = lengthOver(text, maxLine);
    if (length === undefined) return undefined;
    for (const { data } of incidents) {
      const own = incidents.length === 1 ? length : lengthOver(JSON.stringify(data), maxLine);
      // Safe: `parse` gave the data away.
      if (own !== undefined && !cutValues(data as Record<string, unknown>, own, maxLine))
        return `Expected a line of at most ${maxLine} bytes, or one with long values that can be cut; found ${length} bytes.`;
    }
    return undefined;
  }

  return (text, ordinal) => {
    const result = parse(text);
    if ('reject' in result) return result.reject;
    const { incidents } = result;
    if (incidents.length > text.length)
      return `Expected at most as many incidents as characters in a line, found ${incidents.length}.`;
    try {
      const reason = cut(incidents, text);
      if (reason !== undefined) return reason;
      return incidents.map(({ origin, timestamp, data }, index) =>
        createIncident({
          id: idAt(stream, alias, ordinal - (incidents.length - 1 - index)),
          origin,
          timestamp,
          sensor,
          data,
          local,
        }),
      );
    } catch (error) {
      return describeError(error);
    }
  };
}
