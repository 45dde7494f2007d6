import { randomBytes } from 'node:crypto';
import type { HandlerContext, UntypedData } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import type { Verdict } from '../api/verdict.ts';
import type { Task } from './task.ts';

/** The report in the format of the v2 API, which dionaea's tables expect. */
export const REPORT = 'dionaea.modules.python.virustotal.report';
/** The verdict in the terms of the v3 API. */
export const VERDICT = 'ihandler.virustotal.verdict';

interface Row {
  readonly report: number;
  readonly origin: string;
  readonly data: string;
  readonly cause_id: string | null;
  readonly cause_sensor: string | null;
}

/** Incidents to report. They are added in the transaction of their verdict and removed once the journal has them. */
export interface Outbox {
  add(task: Task, verdict: Verdict): void;
  /** Reports all incidents in order. Each has a fixed id, so the journal recognises one that is repeated after a crash. */
  flush(report: HandlerContext['report']): Promise<void>;
  /** How many incidents are not reported yet. */
  pending(): number;
}

/** `2026-11-25 13:37:00`, in UTC. */
function scanDate(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

/** The report for dionaea's tables; undefined when VirusTotal has not analysed the file. */
function legacyReport(task: Task, verdict: Verdict): UntypedData | undefined {
  // The tables are joined by the MD5 that the sensor reported.
  const md5hash = task.md5 ?? verdict.md5;
  const { scans, permalink, analysedAt, sha256 } = verdict;
  if (md5hash === undefined || scans === undefined || permalink === undefined || analysedAt === undefined)
    return undefined;
  return {
    md5hash,
    report: {
      response_code: 1,
      permalink,
      scan_date: scanDate(analysedAt),
      ...(sha256 !== undefined && { sha256 }),
      positives: verdict.malicious ?? 0,
      total: verdict.engines ?? 0,
      // Safe: a scan has only texts, a boolean and nulls.
      scans: scans as unknown as UntypedData,
    },
  };
}

/** Opens the outbox in a database that has its tables. */
export function createOutbox(database: Database): Outbox {
  database
    .prepare("INSERT OR IGNORE INTO notes (name, value) VALUES ('outbox_stream', ?)")
    .run(randomBytes(9).toString('base64url'));
  const stream = String(
    database.prepare("SELECT value FROM notes WHERE name = 'outbox_stream'").pluck().get(),
  );
  const insert = database.prepare(
    'INSERT INTO outbox (origin, data, cause_id, cause_sensor) VALUES (?, ?, ?, ?)',
  );
  const oldest = database.prepare<[], Row>('SELECT * FROM outbox ORDER BY report LIMIT 50');
  const remove = database.prepare('DELETE FROM outbox WHERE report = ?');
  const count = database.prepare<[], number>('SELECT count(*) FROM outbox').pluck();
  const countVerdict = database.prepare(
    'INSERT INTO counts (name, count) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET count = count + 1',
  );

  return {
    add(task, verdict) {
      const { scans, ...facts } = verdict;
      const legacy = legacyReport(task, verdict);
      if (legacy !== undefined) insert.run(REPORT, JSON.stringify(legacy), task.cause_id, task.cause_sensor);
      insert.run(VERDICT, JSON.stringify(facts), task.cause_id, task.cause_sensor);
      countVerdict.run(verdict.state);
    },
    async flush(report) {
      for (let rows = oldest.all(); rows.length > 0; rows = oldest.all())
        for (const { report: key, origin, data, cause_id, cause_sensor } of rows) {
          const place = { stream, ordinal: key };
          const cause =
            cause_id === null || cause_sensor === null ? undefined : { id: cause_id, sensor: cause_sensor };
          // Safe: `add` stored the data of an incident, which is plain.
          const plain = JSON.parse(data) as UntypedData;
          try {
            await report(origin, plain, cause === undefined ? { place } : { cause, place });
          } catch (error) {
            // The chain of reports is too long: report the verdict without its cause.
            if (cause === undefined || !(error instanceof Error && 'permanent' in error)) throw error;
            await report(origin, plain, { place });
          }
          remove.run(key);
        }
    },
    pending: () => count.get() ?? 0,
  };
}
