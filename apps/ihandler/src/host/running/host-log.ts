import {
  describeError,
  escapeControls,
  IhandlerError,
  type Level,
  LOG_LEVELS,
  type Log,
  type LogLevel,
  type Terminal,
} from '@ihandler/core';
import { parseDomains, parseLevels } from '@ihandler/core/kit';
import { HIDDEN, isSecretName, type Secrets } from '../configuration/secrets.ts';

/** What is shown when nobody says: dionaea's default. */
export const DEFAULT_LEVELS = 'error,critical,warning';

/** The dionaea levels that select a level of the log. */
const dionaeaLevels: Readonly<Record<LogLevel, readonly Level[]>> = {
  error: ['error', 'critical'],
  warn: ['warning'],
  info: ['message', 'info'],
  debug: ['debug'],
};

/** The longest line, in characters. */
const LONGEST = 4000;

/** What the log shows, in dionaea's grammars (see `parseLevels` and `parseDomains` of core). */
export interface LogFilter {
  readonly levels?: string | undefined;
  readonly domains?: string | undefined;
}

/** The program's own log. */
export interface HostLog {
  /** A log for an instance or a source, by name: that is its domain. The host's own is `ihandler`. */
  log(name?: string): Log;
  /** Chooses what is shown from here on; what is not said stays. Throws `OPTIONS_INVALID`. */
  choose(filter: LogFilter): void;
}

function withoutSecrets(key: string, value: unknown): unknown {
  if (key !== '' && isSecretName(key)) return HIDDEN;
  return typeof value === 'bigint' ? String(value) : value;
}

function asText(key: string, value: unknown): string {
  if (isSecretName(key)) return HIDDEN;
  if (typeof value === 'string') return value;
  if (value instanceof Error) return describeError(value);
  try {
    return JSON.stringify(value, withoutSecrets) ?? String(value);
  } catch {
    // A cycle, or a toJSON that throws: the line is worth more than this value.
    return 'a value that cannot be shown';
  }
}

/**
 * A log whose lines go to standard error: one line each, no control characters, named by who speaks. A detail with the
 * name of a secret is not shown, nor is a secret that is known, wherever it stands.
 */
export function createHostLog(terminal: Pick<Terminal, 'warn'>, secrets: Pick<Secrets, 'hide'>): HostLog {
  let levels = parseLevels(DEFAULT_LEVELS);
  let isShown = parseDomains('*');
  return {
    choose(filter) {
      if (filter.levels !== undefined) levels = parseLevels(filter.levels);
      if (filter.domains !== undefined) isShown = parseDomains(filter.domains);
    },
    log(name) {
      const write = (level: LogLevel, message: string, details: Readonly<Record<string, unknown>> = {}) => {
        if (!dionaeaLevels[level].some((name) => levels.has(name)) || !isShown(name ?? 'ihandler')) return;
        const extra = Object.entries(details).map(([key, value]) => ` ${key}=${asText(key, value)}`);
        const who = name === undefined ? '' : `${name}: `;
        // Hidden before the line is cut, since half a secret is one too.
        const line = secrets.hide(
          `${level === 'warn' ? 'warning' : level}: ${who}${message}${extra.join('')}`,
        );
        terminal.warn(escapeControls(line.slice(0, LONGEST)));
      };
      const lines = LOG_LEVELS.map((level): [LogLevel, Log[LogLevel]] => [
        level,
        (message, details) => write(level, message, details),
      ]);
      // Safe: one function for each of the levels.
      return Object.fromEntries(lines) as Log;
    },
  };
}

/** Chooses what the log shows, telling by `named` where a filter that does not fit was written. */
export function chooseLog(
  hostLog: HostLog,
  filter: LogFilter,
  named: Readonly<Record<keyof LogFilter, string>>,
): void {
  for (const key of ['levels', 'domains'] as const)
    try {
      hostLog.choose({ [key]: filter[key] });
    } catch (error) {
      throw new IhandlerError('OPTIONS_INVALID', `${named[key]}: ${describeError(error)}`, { cause: error });
    }
}
