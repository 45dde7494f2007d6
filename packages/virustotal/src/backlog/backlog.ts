import type { Database } from 'better-sqlite3';
import type { Verdict } from '../api/verdict.ts';
import { createPut, type PutOutcome, type SeenSample } from './put-sample.ts';

/**
 * Where a file is: to be looked up, to be uploaded, being analysed, to be asked for after the analysis, to be commented
 * on, done with.
 */
export const STATES = ['new', 'upload', 'analysis', 'report', 'comment', 'done'] as const;

/** One of {@link STATES}. */
export type State = (typeof STATES)[number];

/** Every way out of each state; besides, each may be tried again later. */
export const WAYS: Readonly<Record<State, readonly State[]>> = {
  new: ['upload', 'report', 'comment', 'done'],
  upload: ['analysis', 'new', 'done'],
  analysis: ['report', 'new', 'done'],
  report: ['comment', 'done'],
  comment: ['done'],
  done: ['new'],
};

/** A file whose turn it is. */
export interface Task {
  readonly sample: number;
  readonly sha256: string | null;
  readonly md5: string | null;
  readonly state: State;
  readonly path: string | null;
  readonly failures: number;
  readonly analysis: string | null;
  readonly polls: number;
  /** How often it was uploaded, or perhaps. */
  readonly uploaded: number;
  readonly commented: number;
  readonly verdict: string | null;
  readonly recheck_at: number | null;
  readonly cause_id: string | null;
  readonly cause_sensor: string | null;
}

/** What becomes of a task. */
export interface Step {
  /** @default the state it is in: to be tried again */
  readonly to?: State;
  /** Not before. @default at once */
  readonly nextAt?: number;
  /** Whether it failed: each time it waits longer. */
  readonly failed?: boolean;
  readonly sha256?: string;
  readonly md5?: string;
  readonly analysis?: string;
  readonly polled?: boolean;
  /** It was uploaded, or perhaps: counted. */
  readonly uploaded?: boolean;
  readonly commented?: boolean;
  /** To be reported, in the same transaction. */
  readonly verdict?: Verdict;
  /** When to ask once more. */
  readonly recheckAt?: number;
}

/** Every n-th turn goes to whoever has waited longest. */
const OLDEST_EVERY = 4;
/** How long a verdict is remembered beyond the time for which it holds. */
const REMEMBERED = 30 * 86_400_000;
/** So many times the backlog may be remembered: whoever sends new files without end fills no disk. */
const MEMORY = 10;
const SWEPT_EVERY = 3_600_000;

/** The files to ask about. */
export interface Backlog {
  /** Puts files in and lets go what is too much; one transaction. Answers what became of each. */
  put(samples: readonly SeenSample[], now: number): readonly PutOutcome[];
  /** The task whose turn it is, leased until then. */
  lease(now: number, until: number): Task | undefined;
  /** Lends a task that is to be looked up to somebody who asks in person, if nobody else has it. */
  leaseHash(hash: string, now: number, until: number): Task | undefined;
  /** Ends a lease. Throws for a way out that is none. */
  settle(task: Task, step: Step, now: number): void;
  /** When there is something to do, if nothing else comes; undefined when there is nothing at all. */
  nextAt(): number | undefined;
  /** What is to be asked once more begins anew, forgotten leases end, old verdicts go. */
  tidy(now: number): void;
  /** Lets tasks be tried at once: all, or the one with this hash, which begins anew. Answers how many. */
  retry(now: number, hash?: string): number;
  /** How many are in each state. */
  count(state: State): number;
}

/** How much and for how long. */
export interface BacklogLimits {
  readonly backlog: number;
  /** How long a verdict holds, in milliseconds. */
  readonly again: number;
  /** Whether files that VirusTotal does not know are uploaded. */
  readonly upload: boolean;
}

/** Opens the backlog in a database that has its tables. `conclude` is called within the transaction of each verdict. */
export function createBacklog(
  database: Database,
  limits: BacklogLimits,
  conclude: (task: Task, verdict: Verdict) => void,
): Backlog {
  const put = createPut(database, limits.upload);
  const first = (order: string, where: string) =>
    database.prepare<[number, number], Task>(
      `SELECT samples.* FROM samples LEFT JOIN classes USING (class)
       WHERE ${where} AND next_at <= ? AND lease_until <= ? ORDER BY ${order} LIMIT 1`,
    );
  // What was begun is brought to its end first: an analysis that nobody asks for was a waste of quota.
  const begun = first('next_at, sample', "state IN ('report', 'comment', 'analysis', 'upload')");
  const rarest = first('priority, count, seen_at DESC, sample DESC', "state = 'new'");
  const oldest = first('seen_at, sample', "state = 'new'");
  const tooMuch = database.prepare<[number], Task>(
    `SELECT samples.* FROM samples LEFT JOIN classes USING (class) WHERE state = 'new' AND lease_until = 0
     ORDER BY priority DESC, count DESC, seen_at, sample LIMIT ?`,
  );
  const take = database.prepare('UPDATE samples SET lease_until = ? WHERE sample = ?');
  const waiting = database.prepare<[State], number>('SELECT count(*) FROM samples WHERE state = ?').pluck();
  const update = database.prepare(
    `UPDATE samples SET state = $to, next_at = $nextAt, lease_until = 0, failures = $failures, polls = $polls,
     sha256 = $sha256, md5 = $md5, analysis = $analysis, uploaded = $uploaded, commented = $commented,
     verdict = $verdict, verdict_at = coalesce($verdictAt, verdict_at), recheck_at = $recheckAt WHERE sample = $sample`,
  );
  const pathNow = database
    .prepare<[number], string | null>('SELECT path FROM samples WHERE sample = ?')
    .pluck();
  const taken = database.prepare<[string], number>('SELECT sample FROM samples WHERE sha256 = ?').pluck();
  const byHash = database.prepare<[string, string, number], Task>(
    `SELECT * FROM samples WHERE (sha256 = ? OR md5 = ?) AND state = 'new' AND lease_until <= ?
     ORDER BY sha256 IS NULL LIMIT 1`,
  );
  const nextAt = database
    .prepare<[], number | null>(
      `SELECT min(at) FROM (
         SELECT min(max(next_at, lease_until)) AS at FROM samples
         WHERE state IN ('new', 'upload', 'analysis', 'report', 'comment')
         UNION ALL SELECT min(recheck_at) FROM samples WHERE recheck_at >= 0 AND state = 'done')`,
    )
    .pluck();
  // A process that died while it uploaded may have done it: VirusTotal is asked before it is done again.
  const expire = database.prepare(
    `UPDATE samples SET uploaded = uploaded + CASE state WHEN 'upload' THEN 1 ELSE 0 END,
     state = CASE state WHEN 'upload' THEN 'new' ELSE state END, lease_until = 0
     WHERE lease_until > 0 AND lease_until <= ?`,
  );
  // Behind what nobody has asked about yet.
  const askAgain = database.prepare(
    `UPDATE samples SET state = 'new', priority = 1, next_at = 0, failures = 0, polls = 0, recheck_at = -1
     WHERE recheck_at BETWEEN 0 AND ? AND state = 'done' AND lease_until = 0`,
  );
  const forget = database.prepare(
    "DELETE FROM samples WHERE state = 'done' AND verdict_at < ? AND lease_until = 0 AND coalesce(recheck_at, -1) < 0",
  );
  const forgetOldest = database.prepare(
    `DELETE FROM samples WHERE sample IN (SELECT sample FROM samples WHERE state = 'done' AND lease_until = 0
     ORDER BY verdict_at LIMIT max(0, (SELECT count(*) FROM samples WHERE state = 'done') - ?))`,
  );
  const forgetClasses = database.prepare(
    'DELETE FROM classes WHERE class NOT IN (SELECT class FROM samples)',
  );
  const retryAll = database.prepare(
    "UPDATE samples SET next_at = 0, failures = 0 WHERE state <> 'done' AND next_at > ?",
  );
  const retryOne = database.prepare(
    `UPDATE samples SET state = 'new', next_at = 0, failures = 0, polls = 0, analysis = NULL, recheck_at = NULL
     WHERE (sha256 = ? OR md5 = ?) AND lease_until = 0`,
  );
  let turn = 0;
  let swept = Number.NEGATIVE_INFINITY;

  function settle(task: Task, given: Step, now: number): void {
    // While it was found that a file is not where it was said to be, it was kept elsewhere: it is looked for there.
    const isElsewhere =
      task.state === 'upload' && given.verdict?.state === 'unknown' && pathNow.get(task.sample) !== task.path;
    const step: Step = isElsewhere ? {} : given;
    const { to = task.state, verdict } = step;
    if (to !== task.state && !WAYS[task.state].includes(to))
      throw new Error(`There is no way from ${task.state} to ${to}.`);
    const fresh = to !== task.state && to !== 'done';
    // Somebody else may have learned the SHA-256 of the same file meanwhile.
    const sha256 = task.sha256 ?? step.sha256 ?? null;
    const isFree = sha256 === null || [undefined, task.sample].includes(taken.get(sha256));
    update.run({
      sample: task.sample,
      to,
      nextAt: Math.trunc(step.nextAt ?? 0),
      failures: step.failed ? task.failures + 1 : 0,
      polls: to === 'analysis' && !fresh ? task.polls + (step.polled ? 1 : 0) : 0,
      sha256: isFree ? sha256 : task.sha256,
      md5: task.md5 ?? step.md5 ?? null,
      analysis: step.analysis ?? (to === 'analysis' ? task.analysis : null),
      uploaded: task.uploaded + (step.uploaded ? 1 : 0),
      commented: step.commented ? 1 : task.commented,
      verdict: verdict?.state ?? task.verdict,
      verdictAt: verdict === undefined ? null : now,
      recheckAt: step.recheckAt === undefined ? task.recheck_at : Math.trunc(step.recheckAt),
    });
    if (verdict !== undefined) conclude(task, verdict);
  }

  function trim(now: number): void {
    const excess = (waiting.get('new') ?? 0) - limits.backlog;
    if (excess <= 0) return;
    for (const task of tooMuch.all(excess)) {
      const hashes = { ...(task.sha256 && { sha256: task.sha256 }), ...(task.md5 && { md5: task.md5 }) };
      // What was to be asked once more has a verdict, which holds.
      const isRecheck = task.recheck_at !== null && task.verdict !== null;
      const verdict = { ...hashes, state: 'skipped', reason: 'quota', askedAt: now } as const;
      settle(task, { to: 'done', ...(!isRecheck && { verdict }) }, now);
    }
  }

  return {
    put: database.transaction((samples: readonly SeenSample[], now: number) => {
      const outcomes = samples.map((sample) => put(sample, now, limits.again));
      if (outcomes.some((outcome) => outcome === 'new' || outcome === 'again')) trim(now);
      return outcomes;
    }).immediate,
    lease: database.transaction((now: number, until: number) => {
      const task = begun.get(now, now) ?? (turn % OLDEST_EVERY === 0 ? oldest : rarest).get(now, now);
      if (task === undefined) return undefined;
      if (task.state === 'new') turn += 1;
      take.run(Math.trunc(until), task.sample);
      return task;
    }).immediate,
    leaseHash: database.transaction((hash: string, now: number, until: number) => {
      const task = byHash.get(hash, hash, now);
      if (task !== undefined) take.run(Math.trunc(until), task.sample);
      return task;
    }).immediate,
    settle: database.transaction(settle).immediate,
    nextAt: () => nextAt.get() ?? undefined,
    tidy: database.transaction((now: number) => {
      expire.run(now);
      askAgain.run(now);
      if (Math.abs(now - swept) < SWEPT_EVERY) return;
      swept = now;
      const old = forget.run(now - limits.again - REMEMBERED).changes;
      if (old + forgetOldest.run(MEMORY * limits.backlog).changes > 0) forgetClasses.run();
    }).immediate,
    retry: database.transaction((now: number, hash?: string) =>
      hash === undefined ? retryAll.run(now).changes : retryOne.run(hash, hash).changes,
    ).immediate,
    count: (state) => waiting.get(state) ?? 0,
  };
}
