import type { Checkpoint } from '@ihandler/core';
import { eraseTraces, overwriteDeleted } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';
import type { SampleFacts } from './copy-sample.ts';
import { openRecordFile } from './record-file.ts';

/** A sample that was stored at some time. */
export interface SampleRow extends SampleFacts {
  /** Milliseconds since the Unix epoch. */
  readonly storedAt: number;
  /** Whether its file is still stored; 0 when it was deleted to make space. */
  readonly kept: 0 | 1;
  /** The incident that captured it first. */
  readonly incident: string;
  /** The data of its report, as `encodeValue` writes it. */
  readonly report: string;
}

/** The record of a store: every sample it has stored, and its checkpoint. */
export interface SampleRecord {
  /** At most 100 samples that have this hash of any of the three kinds, or one that begins with it. Newest first. */
  find(hash: string): readonly SampleRow[];
  bySha256(sha256: string): SampleRow | undefined;
  capturedBy(incident: string): SampleRow | undefined;
  /** Newest first. */
  list(limit?: number): readonly SampleRow[];
  /** The samples whose file is stored, oldest first. */
  kept(limit: number): readonly SampleRow[];
  total(): { readonly count: number; readonly bytes: number };
  checkpoint(): Checkpoint;
  add(sample: SampleRow): void;
  /** Moves the checkpoint, once the samples of its incidents are added. */
  advance(checkpoint: Checkpoint): void;
  setKept(sha256: string, kept: boolean): void;
  /**
   * Replaces reports, except where `change` returns undefined, and erases the old ones from the files. Returns how many changed,
   * and why a copy may remain, if one may.
   */
  rewriteReports(change: (report: string) => string | undefined): {
    readonly changed: number;
    readonly problem: string | undefined;
  };
  close(): void;
}

const loneSurrogate = /\p{Surrogate}/u;

/** A name that SQLite can store unchanged: UTF-8 cannot encode lone surrogates. */
function exact(stream: string): string {
  return stream.startsWith('"') || loneSurrogate.test(stream) ? JSON.stringify(stream) : stream;
}

function parsed(stream: string): string {
  return stream.startsWith('"') ? String(JSON.parse(stream)) : stream;
}

/** Opens the record in `file`, and creates it unless `readonly`. Throws `TARGET_UNREADABLE`. */
export function openRecord(file: string, options: { readonly readonly?: boolean } = {}): SampleRecord {
  const db = openRecordFile(file, options.readonly === true);
  try {
    return prepare(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepare(db: Database): SampleRecord {
  const bySha256 = db.prepare<[string], SampleRow>('SELECT * FROM samples WHERE sha256 = ?');
  const byIncident = db.prepare<[string], SampleRow>('SELECT * FROM samples WHERE incident = ?');
  const byHash = db.prepare<{ hash: string }, SampleRow>(
    `SELECT * FROM samples WHERE substr(sha256, 1, length(@hash)) = @hash OR substr(sha1, 1, length(@hash)) = @hash
      OR substr(md5, 1, length(@hash)) = @hash ORDER BY storedAt DESC LIMIT 100`,
  );
  const newest = db.prepare<[number], SampleRow>(
    'SELECT * FROM samples ORDER BY storedAt DESC, sha256 LIMIT ?',
  );
  const oldest = db.prepare<[number], SampleRow>(
    'SELECT * FROM samples WHERE kept = 1 ORDER BY storedAt, sha256 LIMIT ?',
  );
  const total = db.prepare<[], { count: number; bytes: number }>(
    'SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes FROM samples WHERE kept = 1',
  );
  const add = db.prepare<SampleRow>(
    `INSERT INTO samples (sha256, sha1, md5, size, type, storedAt, kept, incident, report)
      VALUES (@sha256, @sha1, @md5, @size, @type, @storedAt, @kept, @incident, @report)`,
  );
  const setKept = db.prepare<[number, string]>('UPDATE samples SET kept = ? WHERE sha256 = ?');
  const setReport = db.prepare<[string, string]>('UPDATE samples SET report = ? WHERE sha256 = ?');
  const move = db.prepare<[string, number]>(
    `INSERT INTO checkpoint (stream, ordinal) VALUES (?, ?)
      ON CONFLICT (stream) DO UPDATE SET ordinal = max(ordinal, excluded.ordinal)`,
  );
  const checkpoints = db.prepare<[], [string, number]>('SELECT stream, ordinal FROM checkpoint').raw();
  const advance = db.transaction((checkpoint: Checkpoint) => {
    for (const [stream, ordinal] of Object.entries(checkpoint)) move.run(exact(stream), ordinal);
  });
  const rewrite = db.transaction((change: (report: string) => string | undefined) => {
    let count = 0;
    for (const { sha256, report } of newest.all(-1)) {
      const changed = change(report);
      if (changed === undefined) continue;
      setReport.run(changed, sha256);
      count += 1;
    }
    return count;
  });

  return {
    find: (hash) => byHash.all({ hash }),
    bySha256: (sha256) => bySha256.get(sha256),
    capturedBy: (incident) => byIncident.get(exact(incident)),
    list: (limit = -1) => newest.all(limit),
    kept: (limit) => oldest.all(limit),
    total: () => total.get() ?? { count: 0, bytes: 0 },
    checkpoint: () =>
      Object.fromEntries(checkpoints.all().map(([stream, ordinal]) => [parsed(stream), ordinal])),
    add: (sample) => {
      add.run({ ...sample, incident: exact(sample.incident) });
    },
    advance: (checkpoint) => advance.immediate(checkpoint),
    setKept: (sha256, kept) => {
      setKept.run(kept ? 1 : 0, sha256);
    },
    rewriteReports(change) {
      overwriteDeleted(db);
      return { changed: rewrite.immediate(change), problem: eraseTraces(db) };
    },
    close: () => db.close(),
  };
}
