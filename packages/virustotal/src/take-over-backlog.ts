import type { Database } from 'better-sqlite3';
import { createPut } from './put-sample.ts';

interface DionaeaRow {
  readonly md5_hash: unknown;
  readonly path: unknown;
  readonly timestamp: unknown;
}

/**
 * Moves the rows of dionaea's own table `backlogfiles` into the backlog, those it left in flight too: all are asked about
 * from the start, for what it was told by the API of then is gone. The table stays, empty. Within a transaction.
 */
export function takeOverBacklog(database: Database, now: number): number {
  const there = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'backlogfiles'").get();
  if (there === undefined) return 0;
  const rows = database
    .prepare<[], DionaeaRow>('SELECT md5_hash, path, timestamp FROM backlogfiles ORDER BY backlogfile')
    .all();
  const put = createPut(database);
  for (const { md5_hash, path, timestamp } of rows)
    put(
      {
        md5: String(md5_hash),
        ...(typeof path === 'string' && path !== '' && { path }),
        seenAt: typeof timestamp === 'number' ? Math.min(now, Math.trunc(timestamp * 1000)) : now,
      },
      now,
      0,
    );
  database.prepare('DELETE FROM backlogfiles').run();
  return rows.length;
}
