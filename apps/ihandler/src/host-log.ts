import { describeError, harmless, type Level, type Log, type Terminal } from '@ihandler/core';

const shown: readonly Level[] = ['error', 'critical', 'warning', 'message'];

function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return describeError(value);
  if (typeof value === 'bigint') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A cycle, or a toJSON that throws: the line is worth more than this value.
    return 'a value that cannot be shown';
  }
}

/**
 * A log whose lines go to standard error: one line each, no control characters, named by who speaks. `info` and `debug`
 * are shown only when `verbose`.
 */
export function createHostLog(terminal: Pick<Terminal, 'warn'>, verbose: boolean): (name?: string) => Log {
  return (name) => {
    const line = (level: Level) => (message: string, details?: Readonly<Record<string, unknown>>) => {
      if (!verbose && !shown.includes(level)) return;
      const extra = Object.entries(details ?? {}).map(([key, value]) => ` ${key}=${asText(value)}`);
      const who = name === undefined ? '' : `${name}: `;
      terminal.warn(harmless(`${level}: ${who}${message}${extra.join('')}`.slice(0, 4000)));
    };
    return {
      error: line('error'),
      critical: line('critical'),
      warning: line('warning'),
      message: line('message'),
      info: line('info'),
      debug: line('debug'),
    };
  };
}
