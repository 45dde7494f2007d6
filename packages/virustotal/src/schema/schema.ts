/** The version of the tables; a file of a later one is refused. */
export const SCHEMA_VERSION = 1;

/**
 * The tables of the backlog. Times are milliseconds since the Unix epoch, hashes lower-case hex digits.
 * `samples.state` is one of the states of `backlog.ts`; `lease_until` is not 0 while somebody asks about it; `class` is size
 * and type, as far as they are known; `uploaded` counts the uploads that were done, or perhaps; `recheck_at` is when it is
 * asked about once more, -1 when it was. `outbox` holds incidents that are to be reported, under numbers that are never used again. `requests` are those of the last
 * minutes, `spent` counts them by day (`2026-11-25`) and by month (`2026-11`). `notes` is what is to outlive a restart.
 */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS samples (
    sample INTEGER PRIMARY KEY,
    sha256 TEXT UNIQUE,
    md5 TEXT,
    state TEXT NOT NULL,
    priority INTEGER NOT NULL DEFAULT 0,
    class TEXT NOT NULL DEFAULT '',
    path TEXT,
    cause_id TEXT,
    cause_sensor TEXT,
    seen_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    analysis TEXT,
    polls INTEGER NOT NULL DEFAULT 0,
    uploaded INTEGER NOT NULL DEFAULT 0,
    commented INTEGER NOT NULL DEFAULT 0,
    verdict TEXT,
    verdict_at INTEGER,
    recheck_at INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS samples_md5_idx ON samples (md5);
  CREATE INDEX IF NOT EXISTS samples_state_idx ON samples (state, next_at);
  CREATE INDEX IF NOT EXISTS samples_recheck_idx ON samples (recheck_at) WHERE recheck_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS samples_lease_idx ON samples (lease_until) WHERE lease_until > 0;
  CREATE TABLE IF NOT EXISTS classes (class TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS outbox (
    report INTEGER PRIMARY KEY AUTOINCREMENT,
    origin TEXT NOT NULL,
    data TEXT NOT NULL,
    cause_id TEXT,
    cause_sensor TEXT
  ) STRICT;
  CREATE TABLE IF NOT EXISTS requests (
    request INTEGER PRIMARY KEY,
    sent_at INTEGER NOT NULL,
    settled_at INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS spent ("window" TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
`;
