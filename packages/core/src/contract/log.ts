/** The levels of incidents, most severe first. A {@link Log} has other levels: {@link LOG_LEVELS}. */
export const LEVELS = ['error', 'critical', 'warning', 'message', 'info', 'debug'] as const;

/** The severity of an incident. */
export type Level = (typeof LEVELS)[number];

/** The levels of {@link Log}, most severe first. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

/** The severity of a log line. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Writes one log line. `message` is lower case, starts with the event and has no full stop: `journal full`. Values are fields
 * in `details`, not parts of the message. The host hides values whose name {@link isSecretName} recognises.
 */
export type LogMethod = (message: string, details?: Readonly<Record<string, unknown>>) => void;

/**
 * The log of a handler or source. `error`: an operator must act, or data was lost. `warn`: something failed and is retried.
 * `info`: a change of state. `debug`: everything else. The host escapes control characters in messages and values.
 */
export type Log = Readonly<Record<LogLevel, LogMethod>>;

/** A log that discards every line. */
export const silentLog: Log = Object.freeze({
  error() {},
  warn() {},
  info() {},
  debug() {},
});
