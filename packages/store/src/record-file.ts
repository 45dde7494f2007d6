import { assertKnownVersion, openFile } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';

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

/** The version of the tables in a database; 0 when it is empty. */
function versionOf(database: Database): unknown {
  return database.pragma('user_version', { simple: true });
}

/** Opens the database of a record, and creates it unless `readonly`. Throws `TARGET_UNREADABLE`. */
export function openRecordFile(file: string, readonly: boolean): Database {
  return openFile(file, {
    readonly,
    damaged:
      'move it away. Stored samples stay, and the store records samples anew when they are captured again',
    ...(readonly && { inaccessible: 'run this command as the user that runs ihandler' }),
    check: (database) => assertKnownVersion(versionOf(database), VERSION, file, '@ihandler/store'),
    migrate(database) {
      if (versionOf(database) === 0) database.exec(schema);
    },
  });
}
