import type { Checkpoint } from '@ihandler/core';
import Database from 'better-sqlite3';
import type { SampleFacts } from './copy-sample.ts';

/** A sample that was stored once. */
export interface SampleRow extends SampleFacts {
  /** Milliseconds since the Unix epoch. */
  readonly storedAt: number;
  /** Whether its file is still kept; 0 when it went to make room. */
  readonly kept: 0 | 1;
  /** The incident that brought it first. */
  readonly incident: string;
  /** What was reported of it, as `encodeValue` writes it. */
  readonly report: string;
}

/** What a store remembers: which samples it has had, and how far it is. */
export interface SampleRecord {
  /** By a hash of any of the three kinds, or by the first digits of one: all that fit. */
  find(hash: string): readonly SampleRow[];
  bySha256(sha256: string): SampleRow | undefined;
  broughtBy(incident: string): SampleRow | undefined;
  /** Newest first. */
  list(limit?: number): readonly SampleRow[];
  /** Oldest first, those whose file is kept. */
  kept(limit: number): readonly SampleRow[];
  total(): { readonly count: number; readonly bytes: number };
  checkpoint(): Checkpoint;
  /** Adds samples and moves the checkpoint, both or none. */
  store(samples: readonly SampleRow[], checkpoint: Checkpoint): void;
  setKept(sha256: string, kept: boolean): void;
  /** Replaces what was reported of samples; those for which `change` gives nothing stay. Answers how many changed. */
  rewriteReports(change: (report: string) => string | undefined): number;
  close(): void;
}

const VERSION = 1;
const schema = `
  CREATE TABLE samples (
    sha256 TEXT PRIMARY KEY,
    sha1 TEXT NOT NULL,
    md5 TEXT NOT NULL,
    size INTEGER NOT NULL,
    type TEXT NOT NULL,
    storedAt REAL NOT NULL,
    kept INTEGER NOT NULL,
    incident TEXT NOT NULL UNIQUE,
    report TEXT NOT NULL
  ) STRICT;
  CREATE INDEX samples_sha1 ON samples (sha1);
  CREATE INDEX samples_md5 ON samples (md5);
  CREATE INDEX samples_stored ON samples (kept, storedAt);
  CREATE TABLE checkpoint (stream TEXT PRIMARY KEY, ordinal INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};
`;

function migrate(db: Database.Database): void {
  const version = Number(db.pragma('user_version', { simple: true }));
  if (version === VERSION) return;
  if (version > VERSION)
    throw new Error(
      `${db.name} has version ${version}, this program writes version ${VERSION}: upgrade @ihandler/store.`,
    );
  db.transaction(() => db.exec(schema)).immediate();
}

const loneSurrogate = /\p{Surrogate}/u;

/** A name as SQLite can keep it: UTF-8 has no lone surrogates. */
function exact(stream: string): string {
  return stream.startsWith('"') || loneSurrogate.test(stream) ? JSON.stringify(stream) : stream;
}

function parsed(stream: string): string {
  return stream.startsWith('"') ? String(JSON.parse(stream)) : stream;
}

/** Opens the record in `file`, or begins it; `readonly` for those who only look. */
export function openRecord(file: string, options: { readonly readonly?: boolean } = {}): SampleRecord {
  const readonly = options.readonly === true;
  const db = new Database(file, { readonly, fileMustExist: readonly, timeout: 5000 });
  try {
    if (!readonly) {
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      migrate(db);
    }
    return prepare(db);
  } catch (error) {
    db.close();
    throw error;
  }
}

function prepare(db: Database.Database): SampleRecord {
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
  const advance = db.prepare<[string, number]>(
    `INSERT INTO checkpoint (stream, ordinal) VALUES (?, ?)
      ON CONFLICT (stream) DO UPDATE SET ordinal = max(ordinal, excluded.ordinal)`,
  );
  const checkpoints = db.prepare<[], [string, number]>('SELECT stream, ordinal FROM checkpoint').raw();
  const store = db.transaction((samples: readonly SampleRow[], checkpoint: Checkpoint) => {
    for (const sample of samples) add.run(sample);
    for (const [stream, ordinal] of Object.entries(checkpoint)) advance.run(exact(stream), ordinal);
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
    broughtBy: (incident) => byIncident.get(exact(incident)),
    list: (limit = -1) => newest.all(limit),
    kept: (limit) => oldest.all(limit),
    total: () => total.get() ?? { count: 0, bytes: 0 },
    checkpoint: () =>
      Object.fromEntries(checkpoints.all().map(([stream, ordinal]) => [parsed(stream), ordinal])),
    store: (samples, checkpoint) =>
      store.immediate(
        samples.map((sample) => ({ ...sample, incident: exact(sample.incident) })),
        checkpoint,
      ),
    setKept: (sha256, kept) => {
      setKept.run(kept ? 1 : 0, sha256);
    },
    rewriteReports: (change) => rewrite.immediate(change),
    close: () => db.close(),
  };
}
