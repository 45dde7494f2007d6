import type { Log } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import type { Problem } from '../api/reaction.ts';
import { nextDay } from './quota.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** No wait for a server that does not answer is longer. */
const LONGEST = 15 * MINUTE;

/** Exponential, with jitter: between half of it and all of it. `failures` counts from 1. */
export function backoff(failures: number, base: number, longest: number, random: () => number): number {
  return Math.min(longest, base * 2 ** Math.min(failures - 1, 30)) * (0.5 + random() / 2);
}

/** Times in which nothing is asked. They outlive restarts. */
export interface Holds {
  /** When there may be requests again; in the past when there may be now. */
  until(): number;
  /** A request failed in a way that concerns all others too. */
  on(problem: Problem, now: number): void;
  /** A request was answered as it should be. */
  clear(): void;
  /** Everything is tried again at once; after a start only what the key was refused for. */
  release(what: 'all' | 'key'): void;
  /** Until when nothing is asked, and the last thing that went wrong: what, and when. */
  state(): {
    readonly until: number;
    readonly reason: string;
    readonly at: number;
    readonly keyRefused: boolean;
  };
}

/** Opens them in a database that has its tables. */
export function createHolds(database: Database, log: Log, random: () => number): Holds {
  const get = database.prepare<[string], unknown>('SELECT value FROM notes WHERE name = ?').pluck();
  const set = database.prepare('INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)');
  const drop = database.prepare('DELETE FROM notes WHERE name = ?');
  const told = new Map<string, number>();

  function number(name: string): number {
    const value = get.get(name);
    return typeof value === 'number' ? value : 0;
  }

  /** Says something when it begins, and at most hourly while it lasts. */
  function tell(level: 'error' | 'warn', what: string, reason: string, until: number, now: number): void {
    if (now - (told.get(what) ?? Number.NEGATIVE_INFINITY) < HOUR) return;
    told.set(what, now);
    log[level](what, { answer: reason, again: new Date(until).toISOString() });
  }

  function strike(name: string): number {
    const strikes = number(name) + 1;
    set.run(name, strikes);
    return strikes;
  }

  function quotaWait(problem: Problem & { kind: 'quota' }, now: number): number {
    const strikes = strike('strikes_quota');
    // Whoever says "in a second" again and again is asked less and less often all the same.
    if (problem.retryAfter !== undefined)
      return (
        now + Math.max(problem.retryAfter + random() * SECOND, backoff(strikes, SECOND, LONGEST, random))
      );
    if (problem.tooFast) return now + Math.max(MINUTE, backoff(strikes, MINUTE, LONGEST, random));
    // Which quota it is, the answer does not say: first the minute, then the day, and each day that of the month.
    if (strikes === 1) return now + MINUTE + SECOND;
    return strikes === 2 ? now + 5 * MINUTE : nextDay(now) + random() * MINUTE;
  }

  return {
    until: () => Math.max(number('held_until'), number('key_refused_until')),
    on(problem, now) {
      set.run('last_problem', problem.message);
      set.run('last_problem_at', Math.trunc(now));
      if (problem.kind === 'key') {
        set.run('key_refused_until', Math.trunc(now + HOUR));
        const what =
          'VirusTotal refuses the key, so it is not asked any more: put the right key into apiKey, or VIRUSTOTAL_API_KEY, and restart. The backlog is kept';
        tell('error', what, problem.message, now + HOUR, now);
        return;
      }
      const until =
        problem.kind === 'quota'
          ? quotaWait(problem, now)
          : now +
            ((problem.kind === 'later' ? problem.retryAfter : undefined) ??
              backoff(strike('strikes_later'), 5 * SECOND, LONGEST, random));
      set.run('held_until', Math.trunc(until));
      const what =
        problem.kind === 'quota'
          ? 'VirusTotal says that the quota of the key is used up'
          : 'VirusTotal does not answer as it should';
      tell('warn', what, problem.message, until, now);
    },
    clear() {
      if (number('strikes_quota') + number('strikes_later') + number('key_refused_until') === 0) return;
      for (const name of ['strikes_quota', 'strikes_later', 'key_refused_until', 'held_until'])
        drop.run(name);
      told.clear();
    },
    release(what) {
      drop.run('key_refused_until');
      if (what === 'all') for (const name of ['strikes_quota', 'strikes_later', 'held_until']) drop.run(name);
    },
    state: () => ({
      until: Math.max(number('held_until'), number('key_refused_until')),
      reason: String(get.get('last_problem') ?? ''),
      at: number('last_problem_at'),
      keyRefused: number('key_refused_until') > 0,
    }),
  };
}
