import type { Log } from '@ihandler/core';
import { backoffDelay, formatTime, HOUR, MINUTE, SECOND } from '@ihandler/core/kit';
import type { Database, Statement } from 'better-sqlite3';
import type { Problem } from '../api/classify-response.ts';
import { nextDay } from './quota.ts';

/** The longest back-off while VirusTotal does not respond. */
const LONGEST = 15 * MINUTE;

/** The names, in the database, of what outlives a restart. */
const UNTIL = 'held_until';
const KEY_REJECTED_UNTIL = 'key_refused_until';
const QUOTA_FAILURES = 'strikes_quota';
const TEMPORARY_FAILURES = 'strikes_later';
const PROBLEM = 'last_problem';
const PROBLEM_AT = 'last_problem_at';
const FAILING_SINCE = 'failing_since';

/** The current cooldown and the last problem. Times in milliseconds since the Unix epoch. */
export interface CooldownState {
  /** When requests are sent again; 0 or in the past when they are sent now. */
  readonly until: number;
  /** The last problem; empty when there was none. */
  readonly reason: string;
  readonly at: number;
  readonly keyRejected: boolean;
}

/** Periods without any request, after a problem that concerns all files. They outlive restarts. */
export class Cooldowns {
  readonly #log: Log;
  readonly #random: () => number;
  readonly #get: Statement<[string], unknown>;
  readonly #set: Statement<[string, number | string]>;
  readonly #delete: Statement<[string]>;
  /** When each message was last logged in the current outage. */
  readonly #loggedAt = new Map<string, number>();

  /** `database` must have the tables. */
  constructor(database: Database, log: Log, random: () => number) {
    this.#log = log;
    this.#random = random;
    this.#get = database.prepare<[string], unknown>('SELECT value FROM notes WHERE name = ?').pluck();
    this.#set = database.prepare('INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)');
    this.#delete = database.prepare('DELETE FROM notes WHERE name = ?');
  }

  /** When requests are allowed again; in the past when they are allowed now. */
  until(): number {
    return Math.max(this.#number(UNTIL), this.#number(KEY_REJECTED_UNTIL));
  }

  /** Starts a cooldown after a problem that concerns all files, and logs it. */
  start(problem: Problem, now: number): void {
    this.#set.run(PROBLEM, problem.message);
    this.#set.run(PROBLEM_AT, Math.trunc(now));
    // A used-up quota is not a failure: VirusTotal has responded.
    if (problem.kind === 'quota') this.#deleteAll(FAILING_SINCE);
    else if (this.#number(FAILING_SINCE) === 0) this.#set.run(FAILING_SINCE, Math.trunc(now));
    if (problem.kind === 'key') {
      this.#set.run(KEY_REJECTED_UNTIL, Math.trunc(now + HOUR));
      this.#report(
        'error',
        'VirusTotal rejects the key, lookups stopped: correct apiKey or VIRUSTOTAL_API_KEY and restart. The backlog is kept',
        problem.message,
        now + HOUR,
        now,
      );
      return;
    }
    const until = problem.kind === 'quota' ? this.#quotaCooldown(problem, now) : this.#backoff(problem, now);
    this.#set.run(UNTIL, Math.trunc(until));
    const message =
      problem.kind === 'quota'
        ? 'VirusTotal quota of the key used up, waiting'
        : 'unexpected response from VirusTotal, retrying';
    this.#report('warn', message, problem.message, until, now);
  }

  /** Ends the outage: VirusTotal has responded as expected. */
  clear(): void {
    const isClear = [QUOTA_FAILURES, TEMPORARY_FAILURES, FAILING_SINCE].every(
      (name) => this.#number(name) === 0,
    );
    if (isClear && this.#number(KEY_REJECTED_UNTIL) === 0) return;
    this.#deleteAll(QUOTA_FAILURES, TEMPORARY_FAILURES, KEY_REJECTED_UNTIL, UNTIL, FAILING_SINCE);
    this.#loggedAt.clear();
  }

  /** Allows requests at once: after any problem, or only after a rejected key, as on start. */
  release(which: 'all' | 'key'): void {
    this.#deleteAll(KEY_REJECTED_UNTIL);
    if (which === 'all') this.#deleteAll(QUOTA_FAILURES, TEMPORARY_FAILURES, UNTIL);
  }

  /** Why nothing can be looked up, and since when; undefined when VirusTotal responds. */
  failing(): { readonly reason: string; readonly since: number } | undefined {
    const since = this.#number(FAILING_SINCE);
    return since === 0 ? undefined : { reason: this.state().reason, since };
  }

  state(): CooldownState {
    return {
      until: this.until(),
      reason: String(this.#get.get(PROBLEM) ?? ''),
      at: this.#number(PROBLEM_AT),
      keyRejected: this.#number(KEY_REJECTED_UNTIL) > 0,
    };
  }

  #backoff(problem: Problem, now: number): number {
    const failures = this.#countFailure(TEMPORARY_FAILURES);
    const requested = problem.kind === 'temporary' ? problem.retryAfter : undefined;
    return now + (requested ?? this.#delay(failures, 5 * SECOND));
  }

  #quotaCooldown(problem: Problem & { readonly kind: 'quota' }, now: number): number {
    const failures = this.#countFailure(QUOTA_FAILURES);
    // A server that always asks for one second still gets increasing delays.
    if (problem.retryAfter !== undefined)
      return now + Math.max(problem.retryAfter + this.#random() * SECOND, this.#delay(failures, SECOND));
    if (problem.tooFast) return now + Math.max(MINUTE, this.#delay(failures, MINUTE));
    // The response does not say which quota it is: try the minute, then five minutes, then each next day.
    if (failures === 1) return now + MINUTE + SECOND;
    return failures === 2 ? now + 5 * MINUTE : nextDay(now) + this.#random() * MINUTE;
  }

  #delay(failures: number, base: number): number {
    return backoffDelay({ base, cap: LONGEST, jitter: 0.5 }, failures - 1, undefined, this.#random);
  }

  #countFailure(name: string): number {
    const failures = this.#number(name) + 1;
    this.#set.run(name, failures);
    return failures;
  }

  #number(name: string): number {
    const value = this.#get.get(name);
    return typeof value === 'number' ? value : 0;
  }

  #deleteAll(...names: readonly string[]): void {
    for (const name of names) this.#delete.run(name);
  }

  /** Logs a problem when it begins and then at most hourly. Not a throttled log, because the next outage is logged at once. */
  #report(level: 'error' | 'warn', message: string, response: string, until: number, now: number): void {
    if (now - (this.#loggedAt.get(message) ?? Number.NEGATIVE_INFINITY) < HOUR) return;
    this.#loggedAt.set(message, now);
    this.#log[level](message, { response, retryAt: formatTime(until) });
  }
}
