import { closeSync, lstatSync, openSync, readSync, statSync } from 'node:fs';
import { describeError, IhandlerError } from '@ihandler/core';
import { decodeValue } from '@ihandler/core/kit';
import Database from 'better-sqlite3';
import { versionOf } from '../schema/migrate.ts';
import { SCHEMA_VERSION, tables } from '../schema/schema.ts';

/** What there is under a journal's name. */
export type Finding = 'nothing' | 'journal' | { readonly problem: string };

/** What is known before a file is looked at. */
export interface Knowledge {
  /** Whether a journal has been written under this name: then what is no database is a damaged journal. */
  readonly isKnown: boolean;
  /** Whether it was closed as it should be: then a large one is not looked through. */
  readonly wasReleased: boolean;
}

/** Bytes up to which a journal is looked through whenever it is opened: about a second. */
const ALWAYS_CHECKED = 268_435_456;
/** Bytes at the beginning that hold the names of the tables. */
const BEGINNING = 65_536;
const damageCodes = /^SQLITE_(NOTADB|CORRUPT|ERROR|IOERR_SHORT_READ)/;

function invalid(message: string, cause?: unknown): IhandlerError {
  return new IhandlerError('JOURNAL_INVALID', message, { cause });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function refuseWhatHasLostItsFile(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink())
    throw invalid(`Expected a journal or a free name, found the link ${file}, which leads nowhere.`);
  // SQLite would play this log back into the new file.
  if (sizeOf(`${file}-wal`) > 0)
    throw invalid(
      `Found ${file}-wal, which holds incidents, without the journal ${file} that it belongs to: put that file back, or move the first one away.`,
    );
}

/** Whether a file that SQLite cannot read names the tables of a journal. */
function namesAJournal(file: string): boolean {
  const beginning = Buffer.alloc(BEGINNING);
  const descriptor = openSync(file, 'r');
  try {
    return beginning.subarray(0, readSync(descriptor, beginning)).includes('TABLE ihandler_journal');
  } finally {
    closeSync(descriptor);
  }
}

/** Throws `JOURNAL_INVALID` unless a database is a journal that this version knows; SQLite's own errors for a damaged one. */
export function checkVersion(db: Database.Database, file: string): void {
  const isJournal = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'ihandler_journal'").get();
  if (isJournal === undefined)
    throw invalid(
      `Expected a journal in ${file}, found a SQLite database that is none: name a file of its own.`,
    );
  const version = versionOf(db);
  if (typeof version === 'number' && version > SCHEMA_VERSION)
    throw invalid(
      `The journal ${file} has version ${version}, this program writes version ${SCHEMA_VERSION}: upgrade @ihandler/journal-sqlite. Nothing was changed.`,
    );
}

function problemIn(db: Database.Database, isThorough: boolean): string | undefined {
  const version = versionOf(db);
  if (typeof version !== 'number' || version < 1) return `its version is ${JSON.stringify(version)}`;
  for (const table of tables) db.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
  if (isThorough) {
    const found = db.pragma('quick_check(3)', { simple: false });
    // Safe: the pragma answers rows of one text.
    const problems = (found as { readonly quick_check: string }[]).map(({ quick_check }) => quick_check);
    if (problems.join() !== 'ok') return problems.join('; ').replaceAll('\n', ' ');
  }
  for (const text of db.prepare<[], string>('SELECT written FROM cursors').pluck().iterate())
    JSON.parse(text);
  if (version > 1)
    for (const text of db.prepare<[], string>('SELECT state FROM sources').pluck().iterate())
      decodeValue(text);
  return undefined;
}

function look(file: string, isKnown: boolean, isThorough: boolean): string | undefined {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 0 });
  try {
    // SQLite takes what was cut to a few bytes for an empty database.
    if (isKnown && db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined)
      return 'it holds no tables';
    checkVersion(db, file);
    return problemIn(db, isThorough);
  } finally {
    db.close();
  }
}

/**
 * Says whether there is a journal in `file` (a real path) that this program can write, and what is wrong with it when it
 * is damaged. Only reads. Throws `JOURNAL_INVALID` for anything else that is there.
 */
export function inspectFile(file: string, { isKnown, wasReleased }: Knowledge): Finding {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() && found.size === 0 && isKnown) return { problem: 'it is empty' };
  if (found === undefined || (found.isFile() && found.size === 0)) {
    refuseWhatHasLostItsFile(file);
    return 'nothing';
  }
  if (!found.isFile()) throw invalid(`Expected a journal in ${file}, found something that is no file.`);
  const isSound = wasReleased && sizeOf(`${file}-wal`) === 0;
  try {
    const problem = look(file, isKnown, !isSound || found.size < ALWAYS_CHECKED);
    return problem === undefined ? 'journal' : { problem };
  } catch (error) {
    const isDamage =
      error instanceof SyntaxError || (error instanceof Database.SqliteError && damageCodes.test(error.code));
    if (!isDamage) throw error;
    if (isKnown || namesAJournal(file)) return { problem: describeError(error) };
    throw invalid(
      `Expected a journal in ${file}, found a file that is none or is damaged (${describeError(error)}): ` +
        'name another file, or move this one away. Nothing was changed.',
      error,
    );
  }
}
