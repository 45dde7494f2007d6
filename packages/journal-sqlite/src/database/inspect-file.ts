import { closeSync, lstatSync, openSync, readSync, statSync } from 'node:fs';
import { describeError, IhandlerError } from '@ihandler/core';
import { decodeValue } from '@ihandler/core/kit';
import Database from 'better-sqlite3';
import { changedRows } from '../recovery/verify.ts';
import { versionOf } from '../schema/migrate.ts';
import { SCHEMA_VERSION, tables } from '../schema/schema.ts';

/** What a journal's path leads to. */
export type FileFinding = 'nothing' | 'journal' | { readonly problem: string };

/** What is known of a file before it is opened. */
export interface FileHistory {
  /** Whether a journal was written to this path before. Then a file that is not a database is a damaged journal. */
  readonly isKnown: boolean;
  /** Whether it was closed properly. Then a large file is not checked page by page. */
  readonly wasReleased: boolean;
}

/** Size, in bytes, up to which a journal is checked page by page at every start. This takes about a second. */
const ALWAYS_CHECKED = 268_435_456;
/** The number of bytes at the start of a file that contain the names of the tables. */
const BEGINNING = 65_536;
const damageCodes = /^SQLITE_(NOTADB|CORRUPT|ERROR|IOERR_SHORT_READ)/;

function invalid(message: string, cause?: unknown): IhandlerError {
  return new IhandlerError('JOURNAL_INVALID', message, { cause });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function assertNothingOrphaned(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink())
    throw invalid(`Expected a journal or no file, found the broken link ${file}.`);
  // SQLite would replay this log into the new file.
  if (sizeOf(`${file}-wal`) > 0)
    throw invalid(
      `Found ${file}-wal, which contains incidents, without its journal ${file}: restore that file, or move the -wal file away.`,
    );
}

/** Whether a file that SQLite cannot read contains the name of a journal's table. */
function namesAJournal(file: string): boolean {
  const beginning = Buffer.alloc(BEGINNING);
  const descriptor = openSync(file, 'r');
  try {
    return beginning.subarray(0, readSync(descriptor, beginning)).includes('TABLE ihandler_journal');
  } finally {
    closeSync(descriptor);
  }
}

/** Throws `JOURNAL_INVALID` unless a database is a journal of a known version, and SQLite's own error for a damaged one. */
export function checkVersion(db: Database.Database, file: string): void {
  const isJournal = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'ihandler_journal'").get();
  if (isJournal === undefined)
    throw invalid(
      `Expected a journal in ${file}, found another SQLite database: name another file for the journal.`,
    );
  const version = versionOf(db);
  if (typeof version === 'number' && version > SCHEMA_VERSION)
    throw invalid(
      `The journal ${file} has version ${version}, but this program writes version ${SCHEMA_VERSION}: upgrade @ihandler/journal-sqlite. Nothing was changed.`,
    );
}

function problemIn(db: Database.Database, isThorough: boolean): string | undefined {
  const version = versionOf(db);
  if (typeof version !== 'number' || version < 1) return `its version is ${JSON.stringify(version)}`;
  for (const table of tables) db.prepare(`SELECT * FROM ${table} LIMIT 1`).get();
  if (isThorough) {
    // Safe: the pragma returns rows of one text.
    const rows = db.pragma('quick_check(3)') as { readonly quick_check: string }[];
    const problems = rows.map(({ quick_check }) => quick_check);
    if (problems.join() !== 'ok') return problems.join('; ').replaceAll('\n', ' ');
  }
  for (const text of db.prepare<[], string>('SELECT written FROM cursors').pluck().iterate())
    JSON.parse(text);
  if (version >= 3 && isThorough) for (const problem of changedRows(db)) return problem;
  if (version > 1)
    for (const text of db.prepare<[], string>('SELECT state FROM sources').pluck().iterate())
      decodeValue(text);
  return undefined;
}

function findProblem(file: string, isKnown: boolean, isThorough: boolean): string | undefined {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: 0 });
  try {
    // SQLite treats a file cut to a few bytes as an empty database.
    if (isKnown && db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined)
      return 'it holds no tables';
    checkVersion(db, file);
    return problemIn(db, isThorough);
  } finally {
    db.close();
  }
}

/**
 * Inspects `file` (a real path) without changing it: nothing, a journal that this program can write, or the problem of a
 * damaged journal. Throws `JOURNAL_INVALID` for any other file.
 */
export function inspectFile(file: string, { isKnown, wasReleased }: FileHistory): FileFinding {
  const status = statSync(file, { throwIfNoEntry: false });
  if (status?.isFile() && status.size === 0 && isKnown) return { problem: 'it is empty' };
  if (status === undefined || (status.isFile() && status.size === 0)) {
    assertNothingOrphaned(file);
    return 'nothing';
  }
  if (!status.isFile()) throw invalid(`Expected a journal in ${file}, which is not a regular file.`);
  const isSound = wasReleased && sizeOf(`${file}-wal`) === 0;
  try {
    const problem = findProblem(file, isKnown, !isSound || status.size < ALWAYS_CHECKED);
    return problem === undefined ? 'journal' : { problem };
  } catch (error) {
    const isDamage =
      error instanceof SyntaxError || (error instanceof Database.SqliteError && damageCodes.test(error.code));
    if (!isDamage) throw error;
    if (isKnown || namesAJournal(file)) return { problem: describeError(error) };
    throw invalid(
      `Expected a journal in ${file}, found another kind of file or a damaged journal (${describeError(error)}): ` +
        'name another file, or move this one away. Nothing was changed.',
      error,
    );
  }
}
