import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { errorCode } from '@ihandler/core/kit';
import { type FoundFile, findFile, idOf, readAt } from './found-file.ts';

/** The followed file and what lies beside it, looked at and open. */
export interface Survey {
  readonly followed: FoundFile | undefined;
  /** What may be earlier parts of it. */
  readonly others: readonly FoundFile[];
  /** Why not all could be looked at: then it is worth while to look again. */
  readonly problem: unknown;
  /** Closes all but these. */
  close(...kept: readonly (FoundFile | undefined)[]): Promise<void>;
}

const attempts = 5;

/** The names beside a file under which programs put away its earlier parts: `F.1`, `F-20261125`, `stem-20261125.json.gz`. */
async function namesBeside(file: string): Promise<string[]> {
  const name = basename(file);
  const stem = basename(name, extname(name));
  const names = await readdir(dirname(file)).catch((error: unknown) => {
    // The folder may come later, like the file.
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  const similar = names.filter(
    (other) => other !== name && other.startsWith(stem) && /^[.-]/.test(other.slice(stem.length)),
  );
  // While a file is being gzipped both are there, and only the first is whole.
  return similar.filter((other) => !similar.includes(other.replace(/\.gz$/, '')) || !other.endsWith('.gz'));
}

/** What is there under each name, as one text: when it is the same twice, nothing was renamed in between. */
async function signature(folder: string, names: readonly string[], withSize: boolean): Promise<string> {
  const lines: string[] = [];
  for (const name of [...names].sort()) {
    // What is gone or may not be looked at counts as such.
    const stats = await stat(join(folder, name), { bigint: true }).catch(() => undefined);
    lines.push(`${name} ${stats ? idOf(stats) : ''} ${withSize && stats ? stats.size : ''}`);
  }
  return lines.join('\n');
}

/** What lies there, cheaply: a survey is worth while only when this has changed. */
export async function folderSignature(file: string): Promise<string> {
  return signature(dirname(file), [basename(file), ...(await namesBeside(file))], true);
}

async function lookAt(
  path: string,
  sensor: string,
  now: number,
): Promise<{ readonly found?: FoundFile; readonly problem?: unknown }> {
  try {
    return { found: await findFile(path, sensor, now) };
  } catch (error) {
    const nothingThere = ['ENOENT', 'ENOTDIR'].includes(errorCode(error));
    return nothingThere ? {} : { problem: error };
  }
}

/** Whether the followed file is the one that was looked at: else what is beside it may be a copy of it. */
async function isUnchanged(file: string, found: FoundFile | undefined): Promise<boolean> {
  const stats = await stat(file, { bigint: true }).catch(() => undefined);
  if (found === undefined || stats === undefined) return found === undefined && stats === undefined;
  if (idOf(stats) !== found.id) return false;
  if (!found.settled) return Number(stats.size) === found.size;
  return found.compressed || (await readAt(found.handle, 0, found.head.length)).equals(found.head);
}

async function surveyOnce(
  file: string,
  sensor: string,
  now: number,
): Promise<Survey & { readonly steady: boolean }> {
  const folder = dirname(file);
  const open: FoundFile[] = [];
  async function close(...kept: readonly (FoundFile | undefined)[]): Promise<void> {
    for (const found of open) if (!kept.includes(found)) await found.handle.close();
  }
  let problem: unknown;
  async function look(path: string): Promise<FoundFile | undefined> {
    const looked = await lookAt(path, sensor, now);
    // Folders of similar names are no parts.
    if (path === file || errorCode(looked.problem) !== 'EISDIR') problem ??= looked.problem;
    if (looked.found !== undefined) open.push(looked.found);
    return looked.found;
  }
  try {
    // The followed file first: when it is a new one, what comes before it is whole by now.
    const followed = await look(file);
    const names = await namesBeside(file);
    const before = await signature(folder, names, false);
    for (const name of names) await look(join(folder, name));
    const after = await signature(folder, await namesBeside(file), false);
    const others = open.filter((found) => found !== followed);
    const steady = before === after && (await isUnchanged(file, followed));
    return { followed, others, problem, steady, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Looks at the followed file and at what lies beside it, again when something was renamed meanwhile. */
export async function surveyFolder(file: string, sensor: string, now: number): Promise<Survey> {
  for (let attempt = 1; ; attempt += 1) {
    const survey = await surveyOnce(file, sensor, now);
    if (survey.steady) return survey;
    if (attempt === attempts) return { ...survey, problem: survey.problem ?? new Error('files keep moving') };
    await survey.close();
  }
}
