import {
  describeError,
  escapeControls,
  LOG_LEVELS,
  type Log,
  type LogLevel,
  type Terminal,
} from '@ihandler/core';
import { formatTime, isSecretName, parseDomains } from '@ihandler/core/kit';
import { HIDDEN, type Secrets } from '../configuration/secrets.ts';
import { DEFAULT_LEVELS, parseLogLevels } from './log-levels.ts';

/** The longest line, in characters. */
const LONGEST = 4000;

/** What the log shows: a list of levels such as `all,-debug`, and a list of globs over the names of instances and sources. */
export interface LogFilter {
  readonly levels?: string | undefined;
  readonly domains?: string | undefined;
}

/** The program's own log. */
export interface HostLog {
  /** A log for an instance or a source, by name. Without a name, the host's own, whose domain is `ihandler`. */
  log(name?: string): Log;
  /** Sets what is shown from now on; an undefined part stays. Throws `OPTIONS_INVALID`. */
  choose(filter: LogFilter): void;
  /** From now on each line starts with this clock's time: for a log that goes to a file or to the system's journal. */
  showTimes(now: () => number): void;
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
 * Creates a log of lines such as `warning: log-sqlite: message key=value`, with escaped control characters. Values of
 * details with the name of a secret, and known secrets anywhere, are replaced.
 */
export function createHostLog(terminal: Pick<Terminal, 'warn'>, secrets: Pick<Secrets, 'hide'>): HostLog {
  let showsLevel = parseLogLevels(DEFAULT_LEVELS);
  let showsDomain = parseDomains('*');
  let clock: (() => number) | undefined;
  return {
    showTimes(now) {
      clock = now;
    },
    choose(filter) {
      if (filter.levels !== undefined) showsLevel = parseLogLevels(filter.levels);
      if (filter.domains !== undefined) showsDomain = parseDomains(filter.domains);
    },
    log(name) {
      const write = (level: LogLevel, message: string, details: Readonly<Record<string, unknown>> = {}) => {
        if (!showsLevel(level) || !showsDomain(name ?? 'ihandler')) return;
        const extra = Object.entries(details).map(([key, value]) => ` ${key}=${asText(key, value)}`);
        const who = name === undefined ? '' : `${name}: `;
        // Hidden before the line is cut, since half a secret is one too.
        const line = secrets.hide(
          `${level === 'warn' ? 'warning' : level}: ${who}${message}${extra.join('')}`,
        );
        const time = clock === undefined ? '' : `${formatTime(clock())} `;
        terminal.warn(time + escapeControls(line.slice(0, LONGEST)));
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
