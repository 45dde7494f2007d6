import type { Database } from 'better-sqlite3';
import { createPut } from '../backlog/put-sample.ts';

interface DionaeaRow {
  readonly md5_hash: unknown;
  readonly path: unknown;
  readonly timestamp: unknown;
}

/** How many of dionaea's rows were taken over, and how many have no valid hash. */
export interface BacklogTakeOver {
  readonly files: number;
  readonly unusable: number;
}

/**
 * Moves the rows of dionaea's own table `backlogfiles` into the backlog, including unfinished ones: all files are looked up
 * from the start, because the old API is gone. The table stays, empty. Call it within a transaction.
 */
export function takeOverBacklog(database: Database, now: number): BacklogTakeOver {
  const there = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'backlogfiles'").get();
  if (there === undefined) return { files: 0, unusable: 0 };
  const rows = database
    .prepare<[], DionaeaRow>('SELECT md5_hash, path, timestamp FROM backlogfiles ORDER BY backlogfile')
    .all();
  const put = createPut(database, false);
  const outcomes = rows.map(({ md5_hash, path, timestamp }) =>
    put(
      {
        md5: String(md5_hash),
        ...(typeof path === 'string' && path !== '' && { path }),
        seenAt: typeof timestamp === 'number' ? Math.min(now, Math.trunc(timestamp * 1000)) : now,
      },
      now,
      0,
    ),
  );
  database.prepare('DELETE FROM backlogfiles').run();
  const unusable = outcomes.filter((outcome) => outcome === 'refused').length;
  return { files: rows.length - unusable, unusable };
}
