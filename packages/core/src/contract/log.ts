/** The levels of incidents, most severe first: those of dionaea. */
export const LEVELS = ['error', 'critical', 'warning', 'message', 'info', 'debug'] as const;

/** How severe an incident is. */
export type Level = (typeof LEVELS)[number];

/** The levels of {@link Log}, most severe first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

/** How severe a log line is. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes one line: a message, and the values that belong to it. */
export type LogMethod = (message: string, details?: Readonly<Record<string, unknown>>) => void;

/** The log that the host gives to handlers and sources, most severe first. Values are escaped: they never reach a terminal as controls. */
export type Log = Readonly<Record<LogLevel, LogMethod>>;

/** A log that goes nowhere. */
export const silentLog: Log = Object.freeze({
  error() {},
  warn() {},
  info() {},
  debug() {},
});
