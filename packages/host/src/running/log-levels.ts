import type { Level, LogLevel } from '@ihandler/core';
import { parseLevels } from '@ihandler/core/kit';

/** The levels that the log shows by default. */
export const DEFAULT_LEVELS = 'error,warn';

/** The incident levels that each log level stands for: configurations may use the names of both. */
const levelsOf: Readonly<Record<LogLevel, readonly Level[]>> = {
  error: ['error', 'critical'],
  warn: ['warning'],
  info: ['message', 'info'],
  debug: ['debug'],
};

function isLogLevel(name: string): name is LogLevel {
  return Object.hasOwn(levelsOf, name);
}

/**
 * Reads a list of log levels, from left to right: `all,-debug`, `error,warn`. The names of incident levels (`critical`,
 * `warning`, `message`) select the log level that they belong to. Throws `OPTIONS_INVALID` for an unknown name.
 */
export function parseLogLevels(text: string): (level: LogLevel) => boolean {
  const expanded = text.split(',').flatMap((part) => {
    const [, sign = '', name = ''] = /^\s*([+-]?)\s*(.*?)\s*$/s.exec(part) ?? [];
    return isLogLevel(name) ? levelsOf[name].map((level) => `${sign}${level}`) : [part];
  });
  const levels = parseLevels(expanded.join(','));
  return (level) => levelsOf[level].some((one) => levels.has(one));
}
