import { readFileSync } from 'node:fs';
import { chmod, chown, link, lstat, mkdir, open, readdir, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { Draft } from './copy-sample.ts';
import type { Settings } from './options.ts';

/** The folder that stores samples, each under its SHA-256. */
export interface SampleFolder {
  readonly path: string;
  /** The folder for drafts. */
  readonly incoming: string;
  pathOf(sha256: string): string;
  /**
   * Makes a draft durable and gives it its name. Leaves an existing file of that name and size as it is. Removes the draft
   * either way.
   */
  keep(draft: Draft): Promise<void>;
  /** Removes a draft that is not stored. */
  discard(draft: Draft): Promise<void>;
  remove(sha256: string): Promise<void>;
  /** The bytes that all samples together may take. */
  limit(): Promise<number>;
}

/** The folder of the samples of an instance. */
export function folderOf({ folder }: Pick<Settings, 'folder'>, dataDir: string): string {
  return folder ?? join(dataDir, 'samples');
}

/** The path of a sample in a folder of samples. */
export function pathIn(folder: string, sha256: string): string {
  return join(folder, sha256.slice(0, 2), sha256);
}

const TEN_GIB = 10 * 2 ** 30;

/** The number of a group, from /etc/group as `getent` would read it without a directory service. */
function groupId(group: string | number): number {
  if (typeof group === 'number') return group;
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${group}:`));
  const id = Number(line?.split(':')[2]);
  if (line !== undefined && Number.isInteger(id)) return id;
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `store: group: expected a group of this machine, found ${group}: use a name in /etc/group, or a group number.`,
  );
}

/** Whether a file exists with its full size: a crash of the machine may have cut it. */
async function isStored(path: string, size: number): Promise<boolean> {
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

/** Creates the folder if it is missing, for its owner (and `group`) only. Removes drafts that a crash left. */
export async function openFolder(settings: Settings, dataDir: string): Promise<SampleFolder> {
  const folder = folderOf(settings, dataDir);
  const incoming = join(folder, '.incoming');
  const group = settings.group === undefined ? undefined : groupId(settings.group);
  const folderMode = settings.mode & 0o040 ? 0o750 : 0o700;

  async function make(path: string): Promise<void> {
    if ((await mkdir(path, { recursive: true, mode: folderMode })) === undefined) return;
    await chmod(path, folderMode);
    if (group !== undefined) await chown(path, -1, group);
    await sync(dirname(path));
  }

  /** Sets the permissions of a draft and syncs it to the disk. */
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
        if (await isStored(path, draft.size)) return;
        await make(dirname(path));
        await seal(draft.path);
        await rm(path, { force: true });
        // Unlike a rename, a link never replaces an existing file.
        await link(draft.path, path);
        await sync(dirname(path));
      } finally {
        await rm(draft.path, { force: true });
      }
    },
    discard: ({ path }) => rm(path, { force: true }),
    remove: (sha256) => rm(pathIn(folder, sha256), { force: true }),
    async limit() {
      if (settings.maxSize !== undefined) return settings.maxSize;
      const { blocks, bsize } = await statfs(folder);
      return Math.min(TEN_GIB, Math.floor((blocks * bsize) / 10));
    },
  };
}
