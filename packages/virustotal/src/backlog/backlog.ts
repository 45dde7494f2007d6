import { DAY, HOUR } from '@ihandler/core/kit';
import type { Database } from 'better-sqlite3';
import type { Verdict } from '../api/verdict.ts';
import { createPut, type PutOutcome, type SeenSample } from './put-sample.ts';
import { type BacklogStatements, prepareStatements } from './statements.ts';
import { hashesOf, type State, type Step, type Task, TRANSITIONS } from './task.ts';

/** Every n-th new task is the oldest one. */
const OLDEST_EVERY = 4;
/** Milliseconds to remember a verdict after it has expired. */
const REMEMBERED_FOR = 30 * DAY;
/** How many done files are remembered, as a multiple of the backlog: attackers can send new files without end. */
const MEMORY_FACTOR = 10;
const SWEEP_EVERY = HOUR;

/** The limits of a backlog. */
export interface BacklogLimits {
  /** The most files that may wait for their lookup. */
  readonly backlog: number;
  /** How long a verdict is valid, in milliseconds. */
  readonly again: number;
  /** Whether unknown files are uploaded. */
  readonly upload: boolean;
}

/** The files to look up. Its state is in the database, except when it was last swept and whose turn is next. */
export class Backlog {
  readonly #limits: BacklogLimits;
  readonly #statements: BacklogStatements;
  readonly #conclude: (task: Task, verdict: Verdict) => void;
  /** How many new tasks were leased. */
  #turn = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;

  /** Adds files and skips those beyond the limit, in one transaction. Returns the outcome of each. */
  readonly put: (samples: readonly SeenSample[], now: number) => readonly PutOutcome[];
  /** Leases the next task until a time. Undefined when nothing is due. */
  readonly lease: (now: number, until: number) => Task | undefined;
  /** Leases the task of a hash for a person's lookup. Undefined unless it waits for its lookup and is not leased. */
  readonly leaseHash: (hash: string, now: number, until: number) => Task | undefined;
  /** Applies a step and ends the lease. Throws for an invalid transition. */
  readonly settle: (task: Task, step: Step, now: number) => void;
  /** Ends expired leases, starts due rechecks and, once an hour, deletes old verdicts. */
  readonly tidy: (now: number) => void;
  /** Makes delayed tasks due at once: all, or restarts the one with this hash. Returns how many. */
  readonly retry: (now: number, hash?: string) => number;

  /** `database` must have the tables. `conclude` is called within the transaction of each verdict. */
  constructor(database: Database, limits: BacklogLimits, conclude: (task: Task, verdict: Verdict) => void) {
    this.#limits = limits;
    this.#statements = prepareStatements(database);
    this.#conclude = conclude;
    const putSample = createPut(database, limits.upload);
    this.put = database.transaction((samples: readonly SeenSample[], now: number) => {
      const outcomes = samples.map((sample) => putSample(sample, now, limits.again));
      if (outcomes.some((outcome) => outcome === 'new' || outcome === 'again')) this.#skipExcess(now);
      return outcomes;
    }).immediate;
    this.lease = database.transaction((now: number, until: number) => this.#lease(now, until)).immediate;
    this.leaseHash = database.transaction((hash: string, now: number, until: number) => {
      const task = this.#statements.newByHash.get(hash, hash, now);
      if (task !== undefined) this.#statements.lease.run(Math.trunc(until), task.sample);
      return task;
    }).immediate;
    this.settle = database.transaction((task: Task, step: Step, now: number) =>
      this.#settle(task, step, now),
    ).immediate;
    this.tidy = database.transaction((now: number) => this.#tidy(now)).immediate;
    this.retry = database.transaction((now: number, hash?: string) =>
      hash === undefined
        ? this.#statements.retryAll.run(now).changes
        : this.#statements.restartOne.run(hash, hash).changes,
    ).immediate;
  }

  /** When the next task is due; undefined when there is none. */
  nextAt(): number | undefined {
    return this.#statements.nextAt.get() ?? undefined;
  }

  /** How many files are in a state. */
  count(state: State): number {
    return this.#statements.count.get(state) ?? 0;
  }

  #lease(now: number, until: number): Task | undefined {
    const { started, oldest, rarest, lease } = this.#statements;
    const task = started.get(now, now) ?? (this.#turn % OLDEST_EVERY === 0 ? oldest : rarest).get(now, now);
    if (task === undefined) return undefined;
    if (task.state === 'new') this.#turn += 1;
    lease.run(Math.trunc(until), task.sample);
    return task;
  }

  #settle(task: Task, given: Step, now: number): void {
    // The upload found no file at its path, but a store has kept the file elsewhere meanwhile: retry with the new path.
    const hasMoved =
      task.state === 'upload' &&
      given.verdict?.state === 'unknown' &&
      this.#statements.currentPath.get(task.sample) !== task.path;
    const step: Step = hasMoved ? {} : given;
    const { to = task.state, verdict } = step;
    if (to !== task.state && !TRANSITIONS[task.state].includes(to))
      throw new Error(`Invalid transition of a task: ${task.state} to ${to}.`);
    const isNewStage = to !== task.state && to !== 'done';
    // Another row may have got the SHA-256 of the same file meanwhile.
    const sha256 = task.sha256 ?? step.sha256 ?? null;
    const owner = sha256 === null ? undefined : this.#statements.sampleWithSha256.get(sha256);
    const isFree = owner === undefined || owner === task.sample;
    this.#statements.update.run({
      sample: task.sample,
      to,
      nextAt: Math.trunc(step.nextAt ?? 0),
      failures: step.failed ? task.failures + 1 : 0,
      polls: to === 'analysis' && !isNewStage ? task.polls + (step.polled ? 1 : 0) : 0,
      sha256: isFree ? sha256 : task.sha256,
      md5: task.md5 ?? step.md5 ?? null,
      analysis: step.analysis ?? (to === 'analysis' ? task.analysis : null),
      uploaded: task.uploaded + (step.uploaded ? 1 : 0),
      commented: step.commented ? 1 : task.commented,
      verdict: verdict?.state ?? task.verdict,
      verdictAt: verdict === undefined ? null : now,
      recheckAt: step.recheckAt === undefined ? task.recheck_at : Math.trunc(step.recheckAt),
    });
    if (verdict !== undefined) this.#conclude(task, verdict);
  }

  #skipExcess(now: number): void {
    const excess = this.count('new') - this.#limits.backlog;
    if (excess <= 0) return;
    for (const task of this.#statements.leastWanted.all(excess)) {
      // A file that waits for its recheck has a valid verdict.
      const isRecheck = task.recheck_at !== null && task.verdict !== null;
      const verdict = { ...hashesOf(task), state: 'skipped', reason: 'quota', askedAt: now } as const;
      this.#settle(task, { to: 'done', ...(!isRecheck && { verdict }) }, now);
    }
  }

  #tidy(now: number): void {
    const { expireLeases, startRechecks, deleteOld, deleteExcess, deleteUnusedClasses } = this.#statements;
    expireLeases.run(now);
    startRechecks.run(now);
    if (Math.abs(now - this.#sweptAt) < SWEEP_EVERY) return;
    this.#sweptAt = now;
    const old = deleteOld.run(now - this.#limits.again - REMEMBERED_FOR).changes;
    const excess = deleteExcess.run(MEMORY_FACTOR * this.#limits.backlog).changes;
    if (old + excess > 0) deleteUnusedClasses.run();
  }
}
