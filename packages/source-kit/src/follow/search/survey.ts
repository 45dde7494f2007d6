import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '@ihandler/core/kit';
import type { FollowSettings } from '../../options.ts';
import { idOf, type LogFile, type LogKind, openLogFile, type PartFile, readAt } from '../log-file.ts';
import { isPartName, partFolders } from './part-names.ts';

/** The followed file, open, and the files beside it. */
export interface Survey {
  readonly followed: LogFile | undefined;
  /** The files that may be earlier parts. */
  readonly others: readonly PartFile[];
  /** Why some files could not be read; undefined when all could. Another survey is worthwhile then. */
  readonly problem: unknown;
  /** Whether that file is the followed one. */
  readonly isBlocked: boolean;
  /** Closes the followed file unless it is this one. */
  close(kept?: LogFile): Promise<void>;
}

/** How often to survey while files are being renamed. */
const attempts = 5;

interface Listed {
  readonly changedAt: string;
  readonly names: readonly string[];
}

/**
 * Looks at the followed file and at the files beside it. It remembers its findings, so that the effort does not grow with
 * the number of parts: a part is read again only after it has changed, and a folder only after names in it have.
 */
export class Surveyor {
  readonly #file: string;
  readonly #rotatedTo: string | undefined;
  readonly #kind: LogKind;
  readonly #now: () => number;
  readonly #listed = new Map<string, Listed>();
  /** The parts, under path, device and inode, size and time of the last change. */
  #known = new Map<string, PartFile>();

  constructor(
    { file, rotatedTo }: Pick<FollowSettings, 'file' | 'rotatedTo'>,
    kind: LogKind,
    now: () => number,
  ) {
    this.#file = file;
    this.#rotatedTo = rotatedTo;
    this.#kind = kind;
    this.#now = now;
  }

  /** A cheap signature of the followed file and of the names beside it: a survey is worthwhile only when it has changed. */
  async signature(): Promise<string> {
    const stats = await stat(this.#file, { bigint: true }).catch(() => undefined);
    return [stats ? `${idOf(stats)} ${stats.size}` : '', ...(await this.#paths())].join('\n');
  }

  /** Opens the followed file and looks at the files beside it; repeats that when files were renamed meanwhile. */
  async survey(): Promise<Survey> {
    for (let attempt = 1; ; attempt += 1) {
      const survey = await this.#surveyOnce();
      if (survey.steady) return survey;
      if (attempt === attempts)
        return { ...survey, problem: survey.problem ?? new Error('files in the folder keep being renamed') };
      await survey.close();
    }
  }

  /** The names in a folder that a rotation gives to parts. */
  async #namesIn(folder: string, name: string): Promise<readonly string[]> {
    try {
      const { mtimeNs, ctimeNs, ino } = await stat(folder, { bigint: true });
      const changedAt = `${ino} ${mtimeNs} ${ctimeNs}`;
      const key = `${folder}\0${name}`;
      const listed = this.#listed.get(key);
      // The clock of a file system is coarse: right after a change, another one may have the same time.
      const isFresh = Math.abs(this.#now() - Number(mtimeNs / 1_000_000n)) < 100;
      if (listed?.changedAt === changedAt && !isFresh) return listed.names;
      const names = (await readdir(folder)).filter((other) => isPartName(other, name)).sort();
      this.#listed.set(key, { changedAt, names });
      return names;
    } catch (error) {
      // The folder may be created later, like the file.
      if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return [];
      throw error;
    }
  }

  /** The paths of all files that may be parts by their names. */
  async #paths(): Promise<readonly string[]> {
    const paths = new Set<string>();
    for (const [index, { folder, name }] of (await partFolders(this.#file, this.#rotatedTo)).entries()) {
      // Only the folder of the file itself and the one that is named must be readable.
      const names = await this.#namesIn(folder, name).catch((error: unknown) => {
        if (index === 0 || folder === this.#rotatedTo) throw error;
        return [];
      });
      for (const other of names) paths.add(join(folder, other));
    }
    // While a file is being compressed both exist, and only the plain one is complete.
    return [...paths].filter(
      (path) => !paths.has(path.replace(/\.(?:gz|xz|zst|bz2)$/, '')) || !/\.(?:gz|xz|zst|bz2)$/.test(path),
    );
  }

  /** The file under each path, as one text: if two are equal, no file was renamed in between. */
  async #identities(paths: readonly string[]): Promise<string> {
    const lines: string[] = [];
    for (const path of paths) {
      // A missing or unreadable file is part of the text as such.
      const stats = await stat(path, { bigint: true }).catch(() => undefined);
      lines.push(`${path} ${stats ? idOf(stats) : ''}`);
    }
    return lines.join('\n');
  }

  async #surveyOnce(): Promise<Survey & { readonly steady: boolean }> {
    let problem: unknown;
    let isBlocked = false;
    const attempt = async <T>(open: () => Promise<T>, isFollowed: boolean): Promise<T | undefined> => {
      try {
        return await open();
      } catch (error) {
        const code = errorCode(error);
        // A folder with a similar name is not a part.
        const isExpected = ['ENOENT', 'ENOTDIR'].includes(code) || (code === 'EISDIR' && !isFollowed);
        if (!isExpected) problem ??= error;
        if (!isExpected && isFollowed) isBlocked = true;
        return undefined;
      }
    };
    // The followed file first: if it is a new one, the part before it is complete by now.
    const followed = await attempt(() => openLogFile(this.#file, this.#kind, this.#now()), true);
    const close = async (kept?: LogFile) => {
      if (followed !== kept) await followed?.handle.close();
    };
    try {
      const paths = await this.#paths();
      const before = await this.#identities(paths);
      const known = new Map<string, PartFile>();
      const others: PartFile[] = [];
      for (const path of paths) {
        const other = await attempt(() => this.#look(path, known), false);
        if (other !== undefined && other.id !== followed?.id) others.push(other);
      }
      this.#known = known;
      const after = await this.#identities(await this.#paths());
      const steady = before === after && (await this.#isUnchanged(followed));
      return { followed, others, problem, isBlocked, steady, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Looks at a part; reads it only when it has changed since. */
  async #look(path: string, known: Map<string, PartFile>): Promise<PartFile> {
    const stats = await stat(path, { bigint: true });
    const key = `${path}\0${idOf(stats)} ${stats.size} ${stats.mtimeNs}`;
    const before = this.#known.get(key);
    if (before !== undefined) {
      known.set(key, before);
      return before;
    }
    const { handle, head, ...part } = await openLogFile(path, this.#kind, this.#now());
    await handle.close();
    if (part.id === idOf(stats) && part.size === Number(stats.size)) known.set(key, part);
    return part;
  }

  /** Whether the followed file is still the one that was opened; otherwise a file beside it may be a copy of it. */
  async #isUnchanged(opened: LogFile | undefined): Promise<boolean> {
    const stats = await stat(this.#file, { bigint: true }).catch(() => undefined);
    if (opened === undefined || stats === undefined) return opened === undefined && stats === undefined;
    if (idOf(stats) !== opened.id) return false;
    if (!opened.settled) return Number(stats.size) === opened.size;
    return opened.compressed || (await readAt(opened.handle, 0, opened.head.length)).equals(opened.head);
  }
}
