import type { Database, Statement } from 'better-sqlite3';
import type { State, Task } from './task.ts';

/** The prepared statements of the backlog. */
export interface BacklogStatements {
  readonly started: Statement<[number, number], Task>;
  readonly rarest: Statement<[number, number], Task>;
  readonly oldest: Statement<[number, number], Task>;
  readonly leastWanted: Statement<[number], Task>;
  readonly lease: Statement;
  readonly count: Statement<[State], number>;
  readonly update: Statement;
  readonly currentPath: Statement<[number], string | null>;
  readonly sampleWithSha256: Statement<[string], number>;
  readonly newByHash: Statement<[string, string, number], Task>;
  readonly nextAt: Statement<[], number | null>;
  readonly expireLeases: Statement;
  readonly startRechecks: Statement;
  readonly deleteOld: Statement;
  readonly deleteExcess: Statement;
  readonly deleteUnusedClasses: Statement;
  readonly retryAll: Statement;
  readonly restartOne: Statement;
}

/** The next task in an order: parameters are the time now, twice. */
function nextTask(database: Database, order: string, where: string): Statement<[number, number], Task> {
  return database.prepare<[number, number], Task>(
    `SELECT samples.* FROM samples LEFT JOIN classes USING (class)
     WHERE ${where} AND next_at <= ? AND lease_until <= ? ORDER BY ${order} LIMIT 1`,
  );
}

/** Prepares the statements of the backlog on a database that has its tables. */
export function prepareStatements(database: Database): BacklogStatements {
  return {
    // Started tasks come first: an analysis that is never fetched wastes quota.
    started: nextTask(database, 'next_at, sample', "state IN ('report', 'comment', 'analysis', 'upload')"),
    rarest: nextTask(database, 'priority, count, seen_at DESC, sample DESC', "state = 'new'"),
    oldest: nextTask(database, 'seen_at, sample', "state = 'new'"),
    leastWanted: database.prepare<[number], Task>(
      `SELECT samples.* FROM samples LEFT JOIN classes USING (class) WHERE state = 'new' AND lease_until = 0
       ORDER BY priority DESC, count DESC, seen_at, sample LIMIT ?`,
    ),
    lease: database.prepare('UPDATE samples SET lease_until = ? WHERE sample = ?'),
    count: database.prepare<[State], number>('SELECT count(*) FROM samples WHERE state = ?').pluck(),
    update: database.prepare(
      `UPDATE samples SET state = $to, next_at = $nextAt, lease_until = 0, failures = $failures, polls = $polls,
       sha256 = $sha256, md5 = $md5, analysis = $analysis, uploaded = $uploaded, commented = $commented,
       verdict = $verdict, verdict_at = coalesce($verdictAt, verdict_at), recheck_at = $recheckAt WHERE sample = $sample`,
    ),
    currentPath: database
      .prepare<[number], string | null>('SELECT path FROM samples WHERE sample = ?')
      .pluck(),
    sampleWithSha256: database
      .prepare<[string], number>('SELECT sample FROM samples WHERE sha256 = ?')
      .pluck(),
    newByHash: database.prepare<[string, string, number], Task>(
      `SELECT * FROM samples WHERE (sha256 = ? OR md5 = ?) AND state = 'new' AND lease_until <= ?
       ORDER BY sha256 IS NULL LIMIT 1`,
    ),
    nextAt: database
      .prepare<[], number | null>(
        `SELECT min(at) FROM (
           SELECT min(max(next_at, lease_until)) AS at FROM samples
           WHERE state IN ('new', 'upload', 'analysis', 'report', 'comment')
           UNION ALL SELECT min(recheck_at) FROM samples WHERE recheck_at >= 0 AND state = 'done')`,
      )
      .pluck(),
    // A process that died during an upload may have completed it, so the file is looked up before it is uploaded again.
    expireLeases: database.prepare(
      `UPDATE samples SET uploaded = uploaded + CASE state WHEN 'upload' THEN 1 ELSE 0 END,
       state = CASE state WHEN 'upload' THEN 'new' ELSE state END, lease_until = 0
       WHERE lease_until > 0 AND lease_until <= ?`,
    ),
    // Priority 1: after files that were never looked up.
    startRechecks: database.prepare(
      `UPDATE samples SET state = 'new', priority = 1, next_at = 0, failures = 0, polls = 0, recheck_at = -1
       WHERE recheck_at BETWEEN 0 AND ? AND state = 'done' AND lease_until = 0`,
    ),
    deleteOld: database.prepare(
      "DELETE FROM samples WHERE state = 'done' AND verdict_at < ? AND lease_until = 0 AND coalesce(recheck_at, -1) < 0",
    ),
    deleteExcess: database.prepare(
      `DELETE FROM samples WHERE sample IN (SELECT sample FROM samples WHERE state = 'done' AND lease_until = 0
       ORDER BY verdict_at LIMIT max(0, (SELECT count(*) FROM samples WHERE state = 'done') - ?))`,
    ),
    deleteUnusedClasses: database.prepare(
      'DELETE FROM classes WHERE class NOT IN (SELECT class FROM samples)',
    ),
    retryAll: database.prepare(
      "UPDATE samples SET next_at = 0, failures = 0 WHERE state <> 'done' AND next_at > ?",
    ),
    restartOne: database.prepare(
      `UPDATE samples SET state = 'new', next_at = 0, failures = 0, polls = 0, analysis = NULL, recheck_at = NULL
       WHERE (sha256 = ? OR md5 = ?) AND lease_until = 0`,
    ),
  };
}
