import { readFileSync } from 'node:fs';
import { chmod, chown, link, lstat, mkdir, open, readdir, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { Draft } from './copy-sample.ts';
import type { Settings } from './options.ts';

/** The folder that samples are kept in, each under its SHA-256. */
export interface SampleFolder {
  readonly path: string;
  /** For drafts. */
  readonly incoming: string;
  pathOf(sha256: string): string;
  /**
   * Makes a draft durable and gives it its name. What has that name already and is as large is left as it is; the draft goes
   * either way.
   */
  keep(draft: Draft): Promise<void>;
  /** Removes a draft that is not kept. */
  discard(draft: Draft): Promise<void>;
  remove(sha256: string): Promise<void>;
  /** The bytes that samples may take together. */
  limit(): Promise<number>;
}

/** Where the samples of an instance are. */
export function folderOf({ folder }: Pick<Settings, 'folder'>, dataDir: string): string {
  return folder ?? join(dataDir, 'samples');
}

/** Where a sample lies in a folder of samples. */
export function pathIn(folder: string, sha256: string): string {
  return join(folder, sha256.slice(0, 2), sha256);
}

const TEN_GIB = 10 * 2 ** 30;

/** The number of a group, from /etc/group as `getent` would read it without a directory service. */
function groupNumber(group: string | number): number {
  if (typeof group === 'number') return group;
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${group}:`));
  const id = Number(line?.split(':')[2]);
  if (line !== undefined && Number.isInteger(id)) return id;
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `store: group: expected a group of this machine, found ${group}: name one of /etc/group, or write its number.`,
  );
}

/** Whether a file is there, and whole as far as its size tells: a crash of the machine may have left less of it. */
async function isThere(path: string, size: number): Promise<boolean> {
  try {
    const found = await lstat(path);
    return found.isFile() && found.size === size;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function sync(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the folder where it is not there, for its owner (and `group`) only, and removes drafts that a crash left. */
export async function openFolder(settings: Settings, dataDir: string): Promise<SampleFolder> {
  const folder = folderOf(settings, dataDir);
  const incoming = join(folder, '.incoming');
  const group = settings.group === undefined ? undefined : groupNumber(settings.group);
  const folderMode = settings.mode & 0o040 ? 0o750 : 0o700;

  async function make(path: string): Promise<void> {
    if ((await mkdir(path, { recursive: true, mode: folderMode })) === undefined) return;
    await chmod(path, folderMode);
    if (group !== undefined) await chown(path, -1, group);
    await sync(dirname(path));
  }

  /** Gives a draft its permissions, and waits for the disk. */
  async function seal(path: string): Promise<void> {
    const handle = await open(path, 'r+');
    try {
      if (group !== undefined) await handle.chown(-1, group);
      await handle.chmod(settings.mode);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  await make(folder);
  await make(incoming);
  for (const name of await readdir(incoming)) await rm(join(incoming, name), { force: true });

  return {
    path: folder,
    incoming,
    pathOf: (sha256) => pathIn(folder, sha256),
    async keep(draft) {
      const path = pathIn(folder, draft.sha256);
      try {
        if (await isThere(path, draft.size)) return;
        await make(dirname(path));
        await seal(draft.path);
        await rm(path, { force: true });
        // Unlike a renaming, a link never takes the place of what is there.
        await link(draft.path, path);
        await sync(dirname(path));
      } finally {
        await rm(draft.path, { force: true });
      }
    },
    discard: ({ path }) => rm(path, { force: true }),
    remove: (sha256) => rm(pathIn(folder, sha256), { force: true }),
    async limit() {
      if (settings.maxTotal !== undefined) return settings.maxTotal;
      const { blocks, bsize } = await statfs(folder);
      return Math.min(TEN_GIB, Math.floor((blocks * bsize) / 10));
    },
  };
}
