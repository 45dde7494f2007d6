import { type DeadLetter, decodeIncident } from '@ihandler/core';
import type { Database } from 'better-sqlite3';
import { isSound, letterSum } from './checksum.ts';
import { rowLimit } from './entries.ts';
import { exactText, wellFormed } from './exact-text.ts';
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

type LetterRow = PreparedLetter & { readonly sum: number | null };

/** Creates a reader of dead letters. The database may be read-only. */
export function createDeadLetterReader(db: Database): DeadLetterReader {
  const select = db.prepare<[string, number, number], LetterRow>(
    'SELECT * FROM dead_letters WHERE instance = ? AND position > ? ORDER BY position LIMIT ?',
  );
  return {
    list: (instance, after = 0, limit = Number.POSITIVE_INFINITY) =>
      select
        .all(exactText(instance), after, rowLimit(limit))
        // The next start takes a damaged one out: see `recovery`.
        .filter((row) => isSound(row, letterSum, row.sum))
        .map(({ position, reason, attempts, at, body }) => ({
          ...{ instance, position, reason, attempts, at },
          incident: decodeIncident(body),
        })),
  };
}

/** Creates access to the dead letters. */
export function createDeadLetters(db: Database): DeadLetters {
  const replace = db.prepare<PreparedLetter & { readonly sum: number }>(
    `INSERT OR REPLACE INTO dead_letters (instance, position, reason, attempts, at, body, sum)
     VALUES (@instance, @position, @reason, @attempts, @at, @body, @sum)`,
  );
  const remove = db.prepare<[string, number]>('DELETE FROM dead_letters WHERE instance = ? AND position = ?');
  return {
    ...createDeadLetterReader(db),
    add: (letter) => {
      // SQLite stores a lone surrogate as another character, which the checksum would not match.
      const row = {
        ...letter,
        instance: exactText(letter.instance),
        reason: wellFormed(letter.reason),
      };
      replace.run({ ...row, sum: letterSum(row) });
    },
    remove: (instance, position) => {
      remove.run(exactText(instance), position);
    },
  };
}
