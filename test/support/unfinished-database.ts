import { copyFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import { recording } from './recordings.ts';

/**
 * Copies a recorded database of dionaea to a file and begins to add 3,000 connections: with `delete` they are in a hot journal,
 * with `wal` in the write-ahead log. The caller closes the writer.
 */
export function unfinishedDatabase(file: string, mode: string): { close(): unknown } {
  copyFileSync(recording('dionaea-a/log_sqlite.sqlite'), file);
  const writer = new Database(file);
  writer.pragma(`journal_mode = ${mode}`);
  writer.pragma('cache_size = 2');
  writer.exec('BEGIN');
  const insert = writer.prepare(
    "INSERT INTO connections (connection_type, remote_host) VALUES ('accept', ?)",
  );
  for (let n = 0; n < 3000; n += 1) insert.run(`192.0.2.${n % 250}`);
  if (mode === 'wal') writer.exec('COMMIT');
  return writer;
}
