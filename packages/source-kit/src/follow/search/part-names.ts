import { readlink } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';

/** What rotation adds to the name of a part: a number, a date and time, or `old`. */
const addition = /[._-](?:\d[\d._:T-]*Z?|old)$/;
const compression = /\.(?:gz|xz|zst|bz2)$/;
const date = /[._-]\d{4}[-._]?\d{2}[-._]?\d{2}[\d._:TZ-]*$/;
/** Folders that `olddir` of logrotate often names. */
const oldFolders = ['old', 'archive', 'rotated', 'olddir', 'backup'];
/** How many links are followed at most. */
const mostLinks = 10;

function withoutAddition(name: string, pattern: RegExp): string | undefined {
  const plain = name.replace(compression, '');
  if (pattern.test(plain)) return plain.replace(pattern, '');
  const extension = extname(plain);
  const stem = plain.slice(0, plain.length - extension.length);
  if (extension !== '' && pattern.test(stem)) return stem.replace(pattern, '') + extension;
  return plain === name ? undefined : plain;
}

/**
 * Whether rotation gives such a name to an earlier part of the file `name`: `F.1`, `F-20261125`, `F.1.gz`,
 * `stem-20261125.json`. When `name` has a date itself, parts have other dates.
 */
export function isPartName(other: string, name: string): boolean {
  if (other === name) return false;
  if (withoutAddition(other, addition) === name) return true;
  const family = withoutAddition(name, date);
  return family !== undefined && withoutAddition(other, date) === family;
}

/** A folder in which earlier parts of a file may be, and the name that the file has there. */
export interface PartFolder {
  readonly folder: string;
  readonly name: string;
}

/** The paths of a file: its own, then that of each target when it is a symbolic link, whether it exists or not. */
export async function pathsOf(file: string): Promise<readonly string[]> {
  const paths = [file];
  for (let path = file; paths.length <= mostLinks; paths.push(path)) {
    const target = await readlink(path).catch(() => undefined);
    if (target === undefined) break;
    path = resolve(dirname(path), target);
  }
  return paths;
}

/**
 * The folders in which to look for parts: beside the file and beside its targets, then `rotatedTo`, then where `olddir` may
 * move parts to.
 */
export async function partFolders(file: string, rotatedTo?: string): Promise<readonly PartFolder[]> {
  const beside = (await pathsOf(file)).map((path) => ({ folder: dirname(path), name: basename(path) }));
  const old = beside.flatMap(({ folder, name }) =>
    [folder, dirname(folder)].flatMap((parent) =>
      oldFolders.map((child) => ({ folder: join(parent, child), name })),
    ),
  );
  const moved = rotatedTo === undefined ? [] : beside.map(({ name }) => ({ folder: rotatedTo, name }));
  return [
    ...new Map([...beside, ...moved, ...old].map((one) => [`${one.folder}\0${one.name}`, one])).values(),
  ];
}
