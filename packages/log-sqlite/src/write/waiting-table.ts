import type { ClusterResult, ConnectionKey, WaitingIncident } from '@ihandler/attack-log';
import { decodeIncident, encodeIncident } from '@ihandler/core';
import type { Database } from 'better-sqlite3';

/** The table of incidents that wait for a connection without a row. */
export interface WaitingTable {
  /** The incidents that wait for one of these connections, and the links to one of them, in rising number. */
  load(named: Iterable<ConnectionKey>): readonly WaitingIncident[];
  next(): number;
  /** Stores the changes. Returns how many incidents it dropped because of the limit. */
  save(changes: ClusterResult['waiting']): number;
}

type WaitingRow = [
  number: number,
  missing: ConnectionKey,
  child: ConnectionKey | null,
  freed: number,
  incident: string,
];

/** Prepares the statements. */
export function createWaitingTable(database: Database, limit: number): WaitingTable {
  const any = database.prepare('SELECT EXISTS (SELECT 1 FROM ihandler_waiting)').pluck();
  const find = database
    .prepare<[string, string], WaitingRow>(
      `SELECT number, missing, child, freed, incident FROM ihandler_waiting WHERE missing = ?
        UNION SELECT number, missing, child, freed, incident FROM ihandler_waiting WHERE child = ?`,
    )
    .raw();
  const newest = database.prepare('SELECT coalesce(max(number), 0) FROM ihandler_waiting').pluck();
  const count = database.prepare('SELECT count(*) FROM ihandler_waiting').pluck();
  const add = database.prepare(
    'INSERT INTO ihandler_waiting (number, missing, child, freed, incident) VALUES (?, ?, ?, ?, ?)',
  );
  const remove = database.prepare('DELETE FROM ihandler_waiting WHERE number = ?');
  const free = database.prepare('UPDATE ihandler_waiting SET freed = 1 WHERE number = ?');
  const dropOldest = database.prepare(
    `DELETE FROM ihandler_waiting WHERE number IN (
      SELECT number FROM ihandler_waiting ORDER BY freed DESC, number LIMIT ?)`,
  );
  const countDropped = database.prepare(
    `INSERT INTO ihandler_meta (key, value) VALUES ('given_up', ?)
      ON CONFLICT (key) DO UPDATE SET value = value + excluded.value`,
  );

  return {
    load(named) {
      if (any.get() === 0) return [];
      const found = new Map<number, WaitingIncident>();
      for (const key of named)
        for (const [number, missing, child, freed, incident] of find.all(key, key))
          if (!found.has(number))
            found.set(number, {
              number,
              missing,
              child,
              freed: freed === 1,
              incident: decodeIncident(incident),
            });
      return [...found.values()].sort((a, b) => a.number - b.number);
    },
    next: () => Number(newest.get()) + 1,
    save({ added, removed, freed }) {
      for (const number of removed) remove.run(number);
      for (const number of freed) free.run(number);
      for (const { number, missing, child, freed: isFreed, incident } of added)
        add.run(number, missing, child, isFreed ? 1 : 0, encodeIncident(incident));
      const tooMany = added.length === 0 ? 0 : Number(count.get()) - limit;
      if (tooMany <= 0) return 0;
      dropOldest.run(tooMany);
      countDropped.run(tooMany);
      return tooMany;
    },
  };
}
