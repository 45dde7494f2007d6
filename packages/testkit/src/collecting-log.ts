import { LOG_LEVELS, type Log } from '@ihandler/core';

/** A log that adds its lines to a list: `warn: the message {"some":"details"}`. */
export function collectingLog(lines: string[]): Log {
  const line =
    (level: string): Log['info'] =>
    (message, details = {}) => {
      lines.push(`${level}: ${message} ${JSON.stringify(details)}`);
    };
  const levels = LOG_LEVELS.map((level) => [level, line(level)] as const);
  // Safe: there is a function for each of the levels.
  return Object.fromEntries(levels) as Log;
}
