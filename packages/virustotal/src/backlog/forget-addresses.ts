import { addresses, formatCount } from '@ihandler/core/kit';
import { eraseTraces, overwriteDeleted } from '@ihandler/sqlite-file';
import type { Database } from 'better-sqlite3';

/** The columns that may name an address: a path that a sensor chose, and pending reports with the names of files. */
const places = [
  ['samples', 'sample', 'path'],
  ['samples', 'sample', 'class'],
  ['samples', 'sample', 'cause_id'],
  ['outbox', 'report', 'data'],
  ['outbox', 'report', 'cause_id'],
] as const;

/**
 * Replaces forgotten addresses wherever the database names one. It stores no attacker beside a file, so that there is rarely
 * one. Returns a sentence for the operator.
 */
export function forgetAddresses(database: Database, isForgotten: (host: string) => boolean): string {
  overwriteDeleted(database);
  const changed = database
    .transaction(() => {
      let count = 0;
      for (const [table, key, column] of places) {
        const update = database.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${key} = ?`);
        const rows = database
          .prepare<[], [key: number, text: string]>(
            `SELECT ${key}, ${column} FROM ${table} WHERE ${column} IS NOT NULL`,
          )
          .raw()
          .all();
        for (const [row, text] of rows) {
          const rest = addresses.without(text, isForgotten);
          if (rest === undefined) continue;
          update.run(rest, row);
          count += 1;
        }
      }
      return count;
    })
    .immediate();
  const problem = eraseTraces(database);
  const removed = `removed the host from ${formatCount(changed, 'text')}; it stores hashes and verdicts, which are kept`;
  return problem === undefined ? removed : `${removed}; ${problem}`;
}
