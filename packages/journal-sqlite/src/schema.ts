/** The version of the tables. A program refuses a journal with a higher one. */
export const SCHEMA_VERSION = 1;

/**
 * The tables of a new journal. `entries` never loses its newest row, so that its highest position is the last one given
 * out; `body` is what core's `encodeIncident` writes; the names in `streams` and `instance` have passed `exactText`.
 */
export const schema = `
  CREATE TABLE ihandler_journal (version INTEGER NOT NULL) STRICT;
  CREATE TABLE streams (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE entries (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    accepted_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (stream, ordinal)
  ) STRICT;
  CREATE TABLE cursors (
    instance TEXT PRIMARY KEY,
    first INTEGER NOT NULL,
    position INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    filtered INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    dropped INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    written TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE dead_letters (
    instance TEXT NOT NULL,
    position INTEGER NOT NULL,
    reason TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    at REAL NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (instance, position)
  ) STRICT;
  INSERT INTO ihandler_journal (version) VALUES (${SCHEMA_VERSION});
`;

/** The tables that a journal of this version has. */
export const tables = ['streams', 'entries', 'cursors', 'dead_letters'] as const;
