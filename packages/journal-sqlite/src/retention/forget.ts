import {
  createIncident,
  decodeIncident,
  encodeIncident,
  type ForgetResult,
  IhandlerError,
  type Incident,
  temporary,
} from '@ihandler/core';
import type { Statement } from 'better-sqlite3';
import { type CursorValues, cursorSum, type EntryValues, entrySum } from '../write/checksum.ts';
import type { Store } from '../write/store.ts';

interface BodyRow {
  readonly rowid: number;
  readonly body: string;
}

/** The number of rows per turn of the event loop. */
const SLICE = 500;
/** How many milliseconds to wait for readers before the write-ahead log can be emptied. */
const READER_TIMEOUT = 5000;

/** Undefined for a damaged entry, whose hosts are unknown. */
function readIncident(body: string): Incident | undefined {
  try {
    return decodeIncident(body);
  } catch {
    // Every reader skips it, and `check` reports it.
    return undefined;
  }
}

/** The incident that replaces a forgotten one. */
function placeholderOf({ id, timestamp, sensor }: Incident): Incident {
  return createIncident({ id, origin: 'ihandler.incident.forgotten', timestamp, sensor, data: {} });
}

/** Pads a body to its old length, so that SQLite overwrites the old one in place. JSON ignores the spaces. */
function padded(body: string, old: string): string {
  const missing = Buffer.byteLength(old) - Buffer.byteLength(body);
  return missing > 0 ? body + ' '.repeat(missing) : body;
}

function assertOpen({ db }: Store): void {
  if (!db.open)
    throw new IhandlerError(
      'LIFE_CYCLE',
      `The journal ${db.name} was closed before all incidents were forgotten: run the command again.`,
    );
}

/** Reads all rows, one slice per turn, and changes the matching ones, one slice per transaction. Returns how many. */
async function changeMatching(
  store: Store,
  rows: Statement<[number], BodyRow>,
  matches: (incident: Incident) => boolean,
  change: (row: BodyRow, incident: Incident) => void,
): Promise<number> {
  let changed = 0;
  for (let after = -1; ; ) {
    assertOpen(store);
    const slice = store.access.read(() => rows.all(after));
    const last = slice.at(-1);
    if (last === undefined) return changed;
    after = last.rowid;
    const matching = slice.flatMap((row) => {
      const incident = readIncident(row.body);
      return incident !== undefined && matches(incident) ? [{ row, incident }] : [];
    });
    if (matching.length > 0)
      store.access.write(() => {
        for (const { row, incident } of matching) change(row, incident);
      });
    changed += matching.length;
    await new Promise(setImmediate);
  }
}

/**
 * Rewrites the file in one step and empties the write-ahead log: pages that SQLite rearranged earlier may contain copies of
 * overwritten rows.
 */
async function eraseTraces(store: Store): Promise<void> {
  const { db, access } = store;
  assertOpen(store);
  access.read(() => {
    db.pragma('auto_vacuum = INCREMENTAL');
    db.exec('VACUUM');
  });
  const end = performance.now() + READER_TIMEOUT;
  // The first column is 1 when a reader blocked it.
  while (access.read(() => db.pragma('wal_checkpoint(TRUNCATE)', { simple: true })) !== 0) {
    if (performance.now() > end)
      throw temporary(
        `The incidents are forgotten, but ${db.name}-wal still contains them, because another program has been reading the journal for ${READER_TIMEOUT / 1000} s. Stop that program, then run the command again.`,
        { retryAfter: READER_TIMEOUT },
      );
    await new Promise((resolve) => setTimeout(resolve, 100));
    assertOpen(store);
  }
}

/**
 * Replaces matching entries and removes matching dead letters, in slices between turns, and overwrites their content.
 * Finally rewrites the file, which blocks the event loop. Rejects with a temporary error when a reader blocks the
 * write-ahead log for five seconds.
 */
export async function forget(store: Store, matches: (incident: Incident) => boolean): Promise<ForgetResult> {
  const { db } = store;
  const entries = db.prepare<[number], BodyRow>(
    `SELECT position AS rowid, body FROM entries WHERE position > ? ORDER BY position LIMIT ${SLICE}`,
  );
  const entry = db.prepare<[number], EntryValues>('SELECT * FROM entries WHERE position = ?');
  const replace = db.prepare<[string, number, number]>(
    'UPDATE entries SET body = ?, sum = ? WHERE position = ?',
  );
  const letters = db.prepare<[number], BodyRow>(
    `SELECT rowid, body FROM dead_letters WHERE rowid > ? ORDER BY rowid LIMIT ${SLICE}`,
  );
  const cursorOf = db.prepare<[number], CursorValues>(
    'SELECT * FROM cursors WHERE instance = (SELECT instance FROM dead_letters WHERE rowid = ?)',
  );
  const count = db.prepare<[number, number, number, string]>(
    'UPDATE cursors SET dead = ?, dropped = ?, sum = ? WHERE instance = ?',
  );
  const remove = db.prepare<[number]>('DELETE FROM dead_letters WHERE rowid = ?');
  store.access.read(() => db.pragma('secure_delete = ON'));
  try {
    const result = {
      entries: await changeMatching(store, entries, matches, ({ rowid, body: old }, incident) => {
        const row = entry.get(rowid);
        if (row === undefined) return;
        const body = padded(encodeIncident(placeholderOf(incident)), old);
        replace.run(body, entrySum({ ...row, body }), rowid);
      }),
      deadLetters: await changeMatching(store, letters, matches, ({ rowid }) => {
        const row = cursorOf.get(rowid);
        if (row !== undefined) {
          const changed = { ...row, dead: row.dead - 1, dropped: row.dropped + 1 };
          count.run(changed.dead, changed.dropped, cursorSum(changed), changed.instance);
        }
        remove.run(rowid);
      }),
    };
    await eraseTraces(store);
    return result;
  } finally {
    if (db.open) db.pragma('secure_delete = FAST');
  }
}
