/** The version of the tables. A file of a later version is rejected. */
export const SCHEMA_VERSION = 1;

/**
 * The tables of the backlog. Times are milliseconds since the Unix epoch, hashes lower-case hex digits.
 * - `samples`: `state` is one of `STATES`; `lease_until` is not 0 while a process works on the file; `class` is its size and
 *   type, as far as they are known; `uploaded` counts uploads, including those that may not have arrived; `recheck_at` is the
 *   time of the recheck, -1 after it.
 * - `outbox`: incidents to report, with numbers that are never reused.
 * - `requests`: the requests of the last minutes; `spent`: requests by day (`2026-11-25`) and month (`2026-11`).
 * - `notes`: everything else that outlives a restart.
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
