import { type DeadLetter, decodeIncident } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { rowLimit } from './entries.ts';
import { exactText } from './exact-text.ts';
import type { Prepared } from './prepare.ts';

/** A dead letter whose incident is ready to be written. */
export type PreparedLetter = Omit<DeadLetter, 'incident'> & Pick<Prepared, 'body'>;

/** The table of dead letters. They keep their incident, which may leave the entries before they go. */
export interface DeadLetters extends DeadLetterReader {
  /** To be called within a transaction. One that is there already is replaced. */
  add(letter: PreparedLetter): void;
  /** To be called within a transaction. */
  remove(instance: string, position: number): void;
}

/** Dead letters to look at. */
export interface DeadLetterReader {
  list(instance: string, after?: number, limit?: number): readonly DeadLetter[];
}

type LetterRow = Omit<PreparedLetter, 'instance'>;

/** Reads dead letters, also of a database that is open for reading only. */
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

/** Reads and writes dead letters. */
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
