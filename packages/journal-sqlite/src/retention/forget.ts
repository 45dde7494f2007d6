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
import type { Store } from '../write/store.ts';

interface BodyRow {
  readonly rowid: number;
  readonly body: string;
}

/** Rows that are looked at in one turn of the event loop. */
const SLICE = 500;
/** How long a reader may keep the log from being emptied, in milliseconds. */
const PATIENCE = 5000;

/** Undefined for what is damaged, of which nobody can say whom it concerns. */
function read(body: string): Incident | undefined {
  try {
    return decodeIncident(body);
  } catch {
    // It is read over everywhere, and `check` tells of it.
    return undefined;
  }
}

/** What stands where an incident stood. */
function forgotten({ id, timestamp, sensor }: Incident): Incident {
  return createIncident({ id, origin: 'ihandler.incident.forgotten', timestamp, sensor, data: {} });
}

/** As long as it was, so that SQLite writes it over the old one, where it is; spaces mean nothing in JSON. */
function padded(body: string, old: string): string {
  const missing = Buffer.byteLength(old) - Buffer.byteLength(body);
  return missing > 0 ? body + ' '.repeat(missing) : body;
}

function mustBeOpen({ db }: Store): void {
  if (!db.open)
    throw new IhandlerError(
      'LIFE_CYCLE',
      `The journal ${db.name} was closed while incidents were forgotten: ask for it again.`,
    );
}

/** Looks at all rows, a slice a turn, and changes those that match, a slice a transaction. Returns how many. */
async function each(
  store: Store,
  rows: Statement<[number], BodyRow>,
  matches: (incident: Incident) => boolean,
  change: (row: BodyRow, incident: Incident) => void,
): Promise<number> {
  let changed = 0;
  for (let after = -1; ; ) {
    mustBeOpen(store);
    const slice = store.access.read(() => rows.all(after));
    const last = slice.at(-1);
    if (last === undefined) return changed;
    after = last.rowid;
    const found = slice.flatMap((row) => {
      const incident = read(row.body);
      return incident !== undefined && matches(incident) ? [{ row, incident }] : [];
    });
    if (found.length > 0)
      store.access.write(() => {
        for (const { row, incident } of found) change(row, incident);
      });
    changed += found.length;
    await new Promise(setImmediate);
  }
}

/**
 * Writes the file anew, in one go, and empties the log: pages that were rearranged before may hold copies of what has been
 * overwritten where it was.
 */
async function eraseTraces(store: Store): Promise<void> {
  const { db, access } = store;
  mustBeOpen(store);
  access.read(() => {
    db.pragma('auto_vacuum = INCREMENTAL');
    db.exec('VACUUM');
  });
  const end = performance.now() + PATIENCE;
  // The first column is 1 when a reader was in the way.
  while (access.read(() => db.pragma('wal_checkpoint(TRUNCATE)', { simple: true })) !== 0) {
    if (performance.now() > end)
      throw temporary(
        `The incidents are forgotten, but ${db.name}-wal still holds them: somebody has been reading the journal for ${PATIENCE / 1000} s. End that reader, then ask for it again.`,
        { retryAfter: PATIENCE },
      );
    await new Promise((resolve) => setTimeout(resolve, 100));
    mustBeOpen(store);
  }
}

/**
 * Replaces entries and removes dead letters, in slices between turns, and overwrites what they held; at last the file is
 * written anew, while nothing else happens. Rejects with a
 * passing error when a reader keeps the log from being emptied for five seconds.
 */
export async function forget(store: Store, matches: (incident: Incident) => boolean): Promise<ForgetResult> {
  const { db } = store;
  const entries = db.prepare<[number], BodyRow>(
    `SELECT position AS rowid, body FROM entries WHERE position > ? ORDER BY position LIMIT ${SLICE}`,
  );
  const replace = db.prepare<[string, number]>('UPDATE entries SET body = ? WHERE position = ?');
  const letters = db.prepare<[number], BodyRow>(
    `SELECT rowid, body FROM dead_letters WHERE rowid > ? ORDER BY rowid LIMIT ${SLICE}`,
  );
  const count = db.prepare<[number]>(
    `UPDATE cursors SET dead = dead - 1, dropped = dropped + 1
      WHERE instance = (SELECT instance FROM dead_letters WHERE rowid = ?)`,
  );
  const remove = db.prepare<[number]>('DELETE FROM dead_letters WHERE rowid = ?');
  store.access.read(() => db.pragma('secure_delete = ON'));
  try {
    const result = {
      entries: await each(store, entries, matches, ({ rowid, body }, incident) =>
        replace.run(padded(encodeIncident(forgotten(incident)), body), rowid),
      ),
      deadLetters: await each(store, letters, matches, ({ rowid }) => {
        count.run(rowid);
        remove.run(rowid);
      }),
    };
    await eraseTraces(store);
    return result;
  } finally {
    if (db.open) db.pragma('secure_delete = FAST');
  }
}
