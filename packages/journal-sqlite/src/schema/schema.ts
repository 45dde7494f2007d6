/** The version of the tables. A program rejects a journal with a higher version and migrates one with a lower version. */
export const SCHEMA_VERSION = 3;

/** The tables that version 2 added, without the columns of later versions. */
export const tablesOfVersion2 = `
  CREATE TABLE clock_set_back (position INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE sources (source TEXT PRIMARY KEY, state TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE gaps (first INTEGER PRIMARY KEY, last INTEGER NOT NULL) STRICT;
  CREATE TABLE damages (
    at INTEGER NOT NULL,
    set_aside TEXT NOT NULL,
    problem TEXT NOT NULL,
    readable INTEGER NOT NULL,
    lost INTEGER NOT NULL
  ) STRICT;
`;

/** The tables whose rows have a checksum since version 3. A row without one was written by an earlier version. */
export const checkedTables = ['entries', 'streams', 'cursors', 'dead_letters', 'sources'] as const;

/** Adds the columns of version 3. */
export const columnsOfVersion3 = `
  ${checkedTables.map((table) => `ALTER TABLE ${table} ADD COLUMN sum INTEGER;`).join('\n  ')}
  ALTER TABLE ihandler_journal ADD COLUMN name TEXT NOT NULL DEFAULT '';
  UPDATE ihandler_journal SET name = lower(hex(randomblob(8)));
`;

/**
 * The tables of a new journal. `body` is written by core's `encodeIncident`, `state` by `encodeValue`. The names in
 * `streams`, `instance` and `source` have passed `exactText`.
 * - `ihandler_journal.name`: random, tells this journal from others; `taken`: positions up to this one are never reused, even after their entries are deleted.
 * - `streams.removed`: ordinals up to this one are duplicates, though their entries are deleted.
 * - `clock_set_back`: entries whose time of acceptance is before that of the previous entry. Between two of them time rises.
 * - `gaps`: positions whose entries were lost to damage; `damages`: journals and entries that were set aside.
 * - `sum`: the checksum of the row, see `write/checksum.ts`.
 */
export const schema = `
  CREATE TABLE ihandler_journal (version INTEGER NOT NULL, taken INTEGER NOT NULL DEFAULT 0) STRICT;
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    removed INTEGER NOT NULL DEFAULT -1
  ) STRICT;
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
    written TEXT NOT NULL,
    used_at INTEGER NOT NULL DEFAULT 0
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
  ${tablesOfVersion2}
  INSERT INTO ihandler_journal (version) VALUES (${SCHEMA_VERSION});
  ${columnsOfVersion3}
`;

/** The tables of every version. */
export const tables = ['streams', 'entries', 'cursors', 'dead_letters'] as const;
