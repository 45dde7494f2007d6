import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { JournalDamage } from '@ihandler/core';
import Database from 'better-sqlite3';
import { freeName } from '../database/free-name.ts';
import { draftJournal } from '../database/open-database.ts';
import { syncFolder } from '../database/sync-folder.ts';
import { noteDamage } from './note-damage.ts';
import { recover } from './recover.ts';

/** The suffixes of the files beside a database. */
const COMPANIONS = ['-wal', '-shm'] as const;

function moveCompanions(file: string, to: string): void {
  for (const companion of COMPANIONS)
    if (existsSync(file + companion)) renameSync(file + companion, to + companion);
}

/** Completes a `setAside` that a crash interrupted. Call it before inspecting `file`. */
export function finishSettingAside(file: string): void {
  const recovered = `${file}.recovered`;
  if (!existsSync(recovered)) return;
  if (existsSync(file)) {
    // The damaged journal is still in place and will be recovered again.
    rmSync(recovered);
    return;
  }
  const [newest] = readdirSync(dirname(file))
    .filter((name) => name.startsWith(`${basename(file)}.damaged-`) && !/-(wal|shm)$/.test(name))
    .toSorted()
    .reverse();
  if (newest !== undefined) moveCompanions(file, join(dirname(file), newest));
  renameSync(recovered, file);
  syncFolder(dirname(file));
}

function recoverInto(
  file: string,
  to: Database.Database,
  report: Omit<JournalDamage, 'readable' | 'lost'>,
  now: number,
): JournalDamage {
  let lost = 0;
  try {
    const from = new Database(file, { readonly: true, fileMustExist: true });
    try {
      lost = recover(from, to);
    } finally {
      from.close();
    }
  } catch (error) {
    // Nothing is readable if the file is not a database. A full disk is not damage. Anything else must not prevent the start.
    if (error instanceof Database.SqliteError && /^SQLITE_(FULL|IOERR_WRITE|BUSY)/.test(error.code))
      throw error;
  }
  return noteDamage(to, { ...report, lost }, now);
}

/**
 * Moves a damaged journal to `<file>.damaged-<UTC time>` and puts a new one in its place, with all readable data. After a
 * crash, the damaged journal is still in place, or {@link finishSettingAside} completes the move.
 */
export function setAside(file: string, problem: string, now: number): JournalDamage {
  const aside = freeName(`${file}.damaged`, now);
  let report: JournalDamage = { setAside: aside, problem, readable: 0, lost: 0 };
  const draft = draftJournal(file, (db) => {
    report = recoverInto(file, db, { setAside: aside, problem }, now);
  });
  const recovered = `${file}.recovered`;
  renameSync(draft, recovered);
  syncFolder(dirname(file));
  renameSync(file, aside);
  moveCompanions(file, aside);
  renameSync(recovered, file);
  syncFolder(dirname(file));
  return report;
}
