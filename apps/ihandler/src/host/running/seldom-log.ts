import type { Log } from '@ihandler/core';

/** How often the same thing is told, in milliseconds. */
const PERIOD = 60_000;

/** Warns in the log of an instance or a source. */
export type SeldomLog = (name: string, message: string, details: Readonly<Record<string, unknown>>) => void;

/** Warns of what may happen very often: of each kind the first at once, those that follow once a minute, counted. */
export function createSeldomLog(log: (name: string) => Log): SeldomLog {
  const told = new Map<string, { at: number; untold: number }>();
  return (name, message, details) => {
    const key = `${name}: ${message}`;
    const now = performance.now();
    const last = told.get(key);
    if (last !== undefined && now - last.at < PERIOD) {
      last.untold += 1;
      return;
    }
    const untold = last?.untold ?? 0;
    told.set(key, { at: now, untold: 0 });
    log(name).warn(message, { ...details, ...(untold > 0 && { 'more-since-told': untold }) });
  };
}
