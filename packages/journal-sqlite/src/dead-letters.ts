import { type DeadLetter, decodeIncident } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { type Prepared, rowLimit } from './entries.ts';
import { exactText } from './exact-text.ts';

/** A dead letter whose incident is ready to be written. */
export type PreparedLetter = Omit<DeadLetter, 'incident'> & Pick<Prepared, 'body'>;

/** The table of dead letters. They keep their incident, which may leave the entries before they go. */
export interface DeadLetters {
  list(instance: string, after: number, limit: number): readonly DeadLetter[];
  /** To be called within a transaction. One that is there already is replaced. */
  add(letter: PreparedLetter): void;
}

type LetterRow = Omit<PreparedLetter, 'instance'>;

/** Reads and writes dead letters. */
export function createDeadLetters(db: Database): DeadLetters {
  const select = db.prepare<[string, number, number], LetterRow>(
    'SELECT position, reason, attempts, at, body FROM dead_letters WHERE instance = ? AND position > ? ORDER BY position LIMIT ?',
  );
  const replace = db.prepare<PreparedLetter>(
    `INSERT OR REPLACE INTO dead_letters (instance, position, reason, attempts, at, body)
     VALUES (@instance, @position, @reason, @attempts, @at, @body)`,
  );
  return {
    list: (instance, after, limit) =>
      select
        .all(exactText(instance), after, rowLimit(limit))
        .map(({ body, ...letter }) => ({ instance, ...letter, incident: decodeIncident(body) })),
    add: (letter) => {
      replace.run({ ...letter, instance: exactText(letter.instance) });
    },
  };
}
