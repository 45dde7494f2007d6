/** dionaea's levels, most severe first. */
export const LEVELS = ['error', 'critical', 'warning', 'message', 'info', 'debug'] as const;

/** How severe a log line or an incident is. */
export type Level = (typeof LEVELS)[number];

/** What the host lends to handlers and sources for their own words. Values are shown as data, never as terminal controls. */
export type Log = Readonly<
  Record<Level, (message: string, details?: Readonly<Record<string, unknown>>) => void>
>;

/** A log that goes nowhere. */
export const silentLog: Log = Object.freeze({
  error() {},
  critical() {},
  warning() {},
  message() {},
  info() {},
  debug() {},
});
