import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FollowSettings } from '../../options.ts';
import { type LogKind, openLogFile, type PartFile } from '../log-file.ts';
import type { Part } from '../state.ts';
import { isPartName, pathsOf } from './part-names.ts';

/** How many folders, and how many names in each, are looked at. */
const mostFolders = 50;
const mostNames = 500;

async function list(
  folder: string,
): Promise<{ readonly files: readonly string[]; readonly folders: readonly string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const paths = (isWanted: (entry: (typeof entries)[number]) => boolean) =>
    entries.filter(isWanted).map(({ name }) => join(folder, name));
  return {
    files: paths((entry) => entry.isFile()).slice(0, mostNames),
    folders: paths((entry) => entry.isDirectory()),
  };
}

function isNamed(other: string, name: string): boolean {
  return other === name || isPartName(other, name);
}

async function lookAt(path: string, kind: LogKind, now: number): Promise<PartFile | undefined> {
  try {
    const { handle, head, ...part } = await openLogFile(path, kind, now);
    await handle.close();
    return part;
  } catch {
    return undefined; // A file that cannot be read is not the one.
  }
}

/**
 * The files that may hold the rest of a part by their content: under any name beside the followed file or where rotations
 * move parts to, or with the name of a part in the folders around it. It is the last resort, since it opens many files.
 */
export async function findElsewhere(
  { file, rotatedTo }: Pick<FollowSettings, 'file' | 'rotatedTo'>,
  part: Part,
  kind: LogKind,
  now: number,
): Promise<readonly PartFile[]> {
  const found: PartFile[] = [];
  for (const path of await pathsOf(file)) {
    const own = dirname(path);
    const name = basename(path);
    const { files, folders } = await list(own);
    const moved = rotatedTo === undefined ? [] : (await list(rotatedTo)).files;
    const siblings = (await list(dirname(own))).folders.filter(
      // Such as `dionaea-old` beside `dionaea`.
      (folder) => folder !== own && basename(folder).includes(basename(own)),
    );
    const around: string[] = [];
    for (const folder of [...folders, ...siblings].slice(0, mostFolders))
      around.push(...(await list(folder)).files.filter((other) => isNamed(basename(other), name)));
    for (const other of [...files, ...moved, ...around]) {
      if (other === path) continue;
      const stats = await stat(other).catch(() => undefined);
      // A smaller file can hold the rest only when it is compressed.
      if (
        stats === undefined ||
        (stats.size < part.offset && !isNamed(basename(other), name) && !/\.(?:gz|zst)$/.test(other))
      )
        continue;
      const candidate = await lookAt(other, kind, now);
      if (candidate?.base === part.base) found.push(candidate);
    }
  }
  return found;
}
