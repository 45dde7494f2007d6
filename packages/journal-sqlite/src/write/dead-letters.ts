import { type DeadLetter, decodeIncident } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { rowLimit } from './entries.ts';
import { exactText } from './exact-text.ts';
import type { PreparedIncident } from './prepare.ts';

/** A dead letter whose incident is encoded. */
export type PreparedLetter = Omit<DeadLetter, 'incident'> & Pick<PreparedIncident, 'body'>;

/** The table of dead letters. Each has its own copy of the incident, which outlives the entry. */
export interface DeadLetters extends DeadLetterReader {
  /** Adds or replaces a dead letter. Call it within a transaction. */
  add(letter: PreparedLetter): void;
  /** Call it within a transaction. */
  remove(instance: string, position: number): void;
}

/** Lists dead letters. */
export interface DeadLetterReader {
  list(instance: string, after?: number, limit?: number): readonly DeadLetter[];
}

type LetterRow = Omit<PreparedLetter, 'instance'>;

/** Creates a reader of dead letters. The database may be read-only. */
export function createDeadLetterReader(db: Database): DeadLetterReader {
  const select = db.prepare<[string, number, number], LetterRow>(
    'SELECT position, reason, attempts, at, body FROM dead_letters WHERE instance = ? AND position > ? ORDER BY position LIMIT ?',
  );
  return {
    list: (instance, after = 0, limit = Number.POSITIVE_INFINITY) =>
      select
        .all(exactText(instance), after, rowLimit(limit))
        .map(({ body, ...letter }) => ({ instance, ...letter, incident: decodeIncident(body) })),
  };
}

/** Creates access to the dead letters. */
export function createDeadLetters(db: Database): DeadLetters {
  const replace = db.prepare<PreparedLetter>(
    `INSERT OR REPLACE INTO dead_letters (instance, position, reason, attempts, at, body)
     VALUES (@instance, @position, @reason, @attempts, @at, @body)`,
  );
  const remove = db.prepare<[string, number]>('DELETE FROM dead_letters WHERE instance = ? AND position = ?');
  return {
    ...createDeadLetterReader(db),
    add: (letter) => {
      replace.run({ ...letter, instance: exactText(letter.instance) });
    },
    remove: (instance, position) => {
      remove.run(exactText(instance), position);
    },
  };
}
