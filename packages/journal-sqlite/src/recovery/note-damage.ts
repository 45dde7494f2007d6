import type { JournalDamage } from '@ihandler/core';
import type { Database } from 'better-sqlite3';

/**
 * Records a damage, with the number of entries that the journal holds. A further loss under the same file is added to the
 * first. Call it within a transaction.
 */
export function noteDamage(
  db: Database,
  damage: Omit<JournalDamage, 'readable'>,
  now: number,
): JournalDamage {
  const at = Math.trunc(now);
  const { setAside, problem, lost } = damage;
  const readable = Number(db.prepare('SELECT count(*) FROM entries').pluck().get());
  const add = db.prepare('UPDATE damages SET at = ?, readable = ?, lost = lost + ? WHERE set_aside = ?');
  if (add.run(at, readable, lost, setAside).changes === 0)
    db.prepare('INSERT INTO damages (at, set_aside, problem, readable, lost) VALUES (?, ?, ?, ?, ?)').run(
      ...[at, setAside, problem, readable, lost],
    );
  return { ...damage, readable };
}
