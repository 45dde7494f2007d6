import {
  createIncident,
  decodeIncident,
  encodeIncident,
  type Forgotten,
  type Incident,
} from '@ihandler/core';
import type { Store } from './store.ts';

interface BodyRow {
  readonly rowid: number;
  readonly body: string;
}

/** Rows that are looked at in one turn of the event loop. */
const SLICE = 500;

/** What stands where an incident stood. */
function forgotten({ id, timestamp, sensor }: Incident): Incident {
  return createIncident({ id, origin: 'ihandler.incident.forgotten', timestamp, sensor, data: {} });
}

/** As long as it was, so that SQLite writes it over the old one, where it is; spaces mean nothing in JSON. */
function padded(body: string, old: string): string {
  const missing = Buffer.byteLength(old) - Buffer.byteLength(body);
  return missing > 0 ? body + ' '.repeat(missing) : body;
}

/** Replaces entries and removes dead letters, a slice a transaction. */
export async function forget(
  { db, access }: Store,
  matches: (incident: Incident) => boolean,
): Promise<Forgotten> {
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

  async function each(
    rows: typeof entries,
    change: (row: BodyRow, incident: Incident) => void,
  ): Promise<number> {
    let changed = 0;
    for (let after = -1; ; ) {
      const slice = access.read(() => rows.all(after));
      const last = slice.at(-1);
      if (last === undefined) return changed;
      after = last.rowid;
      const found = slice
        .map((row) => ({ row, incident: decodeIncident(row.body) }))
        .filter(({ incident }) => matches(incident));
      if (found.length > 0)
        access.write(() => {
          for (const { row, incident } of found) change(row, incident);
        });
      changed += found.length;
      await new Promise(setImmediate);
    }
  }

  return {
    entries: await each(entries, ({ rowid, body }, incident) =>
      replace.run(padded(encodeIncident(forgotten(incident)), body), rowid),
    ),
    deadLetters: await each(letters, ({ rowid }) => {
      count.run(rowid);
      remove.run(rowid);
    }),
  };
}
