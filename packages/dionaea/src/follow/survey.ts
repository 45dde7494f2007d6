import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { errorCode } from '@ihandler/core/kit';
import { idOf, type LogFile, openLogFile, readAt } from './log-file.ts';

/** The followed file and the files beside it, all open. */
export interface Survey {
  readonly followed: LogFile | undefined;
  /** The files that may be earlier parts. */
  readonly others: readonly LogFile[];
  /** Why some files could not be read; undefined when all could. Another survey is worthwhile then. */
  readonly problem: unknown;
  /** Closes all files but these. */
  close(...kept: readonly (LogFile | undefined)[]): Promise<void>;
}

/** How often to survey while files are being renamed. */
const attempts = 5;

/** The names beside a file that log rotation uses for its earlier parts: `F.1`, `F-20261125`, `stem-20261125.json.gz`. */
async function namesBeside(file: string): Promise<string[]> {
  const name = basename(file);
  const stem = basename(name, extname(name));
  const names = await readdir(dirname(file)).catch((error: unknown) => {
    // The folder may be created later, like the file.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const similar = names.filter(
    (other) => other !== name && other.startsWith(stem) && /^[.-]/.test(other.slice(stem.length)),
  );
  // While a file is being gzipped both exist, and only the plain one is complete.
  return similar.filter((other) => !similar.includes(other.replace(/\.gz$/, '')) || !other.endsWith('.gz'));
}

/** The file under each name, as one text: if two signatures are equal, no file was renamed in between. */
async function signature(folder: string, names: readonly string[], withSize: boolean): Promise<string> {
  const lines: string[] = [];
  for (const name of [...names].sort()) {
    // A missing or unreadable file is part of the signature as such.
    const stats = await stat(join(folder, name), { bigint: true }).catch(() => undefined);
    lines.push(`${name} ${stats ? idOf(stats) : ''} ${withSize && stats ? stats.size : ''}`);
  }
  return lines.join('\n');
}

/** A cheap signature of the folder: a survey is worthwhile only when it has changed. */
export async function folderSignature(file: string): Promise<string> {
  return signature(dirname(file), [basename(file), ...(await namesBeside(file))], true);
}

async function tryOpen(
  path: string,
  sensor: string,
  now: number,
): Promise<{ readonly opened?: LogFile; readonly problem?: unknown }> {
  try {
    return { opened: await openLogFile(path, sensor, now) };
  } catch (error) {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
    return isMissing ? {} : { problem: error };
  }
}

/** Whether the followed file is still the one that was opened; otherwise a file beside it may be a copy of it. */
async function isUnchanged(file: string, opened: LogFile | undefined): Promise<boolean> {
  const stats = await stat(file, { bigint: true }).catch(() => undefined);
  if (opened === undefined || stats === undefined) return opened === undefined && stats === undefined;
  if (idOf(stats) !== opened.id) return false;
  if (!opened.settled) return Number(stats.size) === opened.size;
  return opened.compressed || (await readAt(opened.handle, 0, opened.head.length)).equals(opened.head);
}

async function surveyOnce(
  file: string,
  sensor: string,
  now: number,
): Promise<Survey & { readonly steady: boolean }> {
  const folder = dirname(file);
  const open: LogFile[] = [];
  async function close(...kept: readonly (LogFile | undefined)[]): Promise<void> {
    for (const file of open) if (!kept.includes(file)) await file.handle.close();
  }
  let problem: unknown;
  async function add(path: string): Promise<LogFile | undefined> {
    const attempt = await tryOpen(path, sensor, now);
    // A folder with a similar name is not a part.
    if (path === file || errorCode(attempt.problem) !== 'EISDIR') problem ??= attempt.problem;
    if (attempt.opened !== undefined) open.push(attempt.opened);
    return attempt.opened;
  }
  try {
    // The followed file first: if it is a new one, the part before it is complete by now.
    const followed = await add(file);
    const names = await namesBeside(file);
    const before = await signature(folder, names, false);
    for (const name of names) await add(join(folder, name));
    const after = await signature(folder, await namesBeside(file), false);
    const others = open.filter((other) => other !== followed);
    const steady = before === after && (await isUnchanged(file, followed));
    return { followed, others, problem, steady, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens the followed file and the files beside it; repeats that when files were renamed meanwhile. */
export async function surveyFolder(file: string, sensor: string, now: number): Promise<Survey> {
  for (let attempt = 1; ; attempt += 1) {
    const survey = await surveyOnce(file, sensor, now);
    if (survey.steady) return survey;
    if (attempt === attempts)
      return { ...survey, problem: survey.problem ?? new Error('files in the folder keep being renamed') };
    await survey.close();
  }
}
