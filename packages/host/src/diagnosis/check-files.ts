import { existsSync, readdirSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileWriters, formatBytes, formatCount, formatDuration, hiddenProcesses } from '@ihandler/core/kit';
import { statOf, unreadable } from './explain-permission.ts';
import { type Finding, SET_ASIDE } from './finding.ts';
import { realPath } from './real-path.ts';

/** A file or folder that an option names. */
export interface NamedFile {
  /** The instance or source whose option names it. */
  readonly instance: string;
  readonly path: string;
  readonly isOnlyRead: boolean;
  /** Whether a live source follows it, and so lists its folder. */
  readonly isFollowed?: boolean;
}

/** Times of files may be this far ahead, in milliseconds: some file systems round up. */
const AHEAD = 60_000;
/** With less free space than this, in bytes, the journal accepts no incidents. */
const LEAST_FREE = 2 ** 30;
/** How many files of a folder are checked. */
const SAMPLE = 50;

function readFindings({ instance, path, isFollowed }: NamedFile): readonly Finding[] {
  const problem = unreadable(path, isFollowed);
  if (problem !== undefined) return [{ severity: 'error', about: instance, ...problem }];
  if (!existsSync(path))
    return [
      {
        severity: 'warning',
        about: instance,
        found: `${path} does not exist yet`,
        advice: 'check that the program that writes it runs, and that it uses this path',
      },
    ];
  if (!statOf(path)?.isDirectory()) return [];
  const inside = readdirSync(path)
    .slice(0, SAMPLE)
    .map((name) => join(path, name));
  const closed = inside.map((one) => unreadable(one)).find((found) => found !== undefined);
  return closed === undefined ? [] : [{ severity: 'error', about: instance, ...closed }];
}

function clockFindings({ instance, path }: NamedFile, now: number): readonly Finding[] {
  const ahead = (statOf(path)?.mtimeMs ?? now) - now;
  if (ahead < AHEAD) return [];
  return [
    {
      severity: 'warning',
      about: instance,
      found: `${path} was modified ${formatDuration(ahead)} in the future: the clock of this machine is or was wrong`,
      advice: 'synchronise it with NTP (timedatectl)',
    },
  ];
}

function spaceFindings(files: readonly NamedFile[]): readonly Finding[] {
  const seen = new Set<number>();
  return files.flatMap(({ instance, path }) => {
    const folder = existsSync(path) ? path : dirname(path);
    const device = statOf(folder)?.dev;
    if (device === undefined || seen.has(device)) return [];
    seen.add(device);
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize > LEAST_FREE) return [];
    const found = `only ${formatBytes(bavail * bsize)} free on the disk of ${path}`;
    return [{ severity: 'error' as const, about: instance, found, advice: 'free disk space' }];
  });
}

function sharedFindings(written: readonly NamedFile[]): readonly Finding[] {
  return written.flatMap(({ instance, path }, index) => {
    const other = written.slice(0, index).find((one) => realPath(one.path) === realPath(path));
    if (other === undefined || statOf(path)?.isDirectory()) return [];
    return [
      {
        severity: 'error' as const,
        about: instance,
        found: `writes ${path}, which ${other.instance === instance ? 'another of its options' : other.instance} writes, too`,
        advice: 'configure a different file for each',
      },
    ];
  });
}

function writerFindings(written: readonly NamedFile[], host: number | undefined): readonly Finding[] {
  const owners = new Map(
    written
      .filter(({ path }) => statOf(path)?.isFile())
      .map(({ instance, path }) => [realPath(path), { instance, path }] as const),
  );
  const writers = fileWriters(new Set(owners.keys()));
  if (writers === undefined)
    return [
      {
        severity: 'note',
        about: 'files',
        found: 'this system does not show which other processes write the same files',
      },
    ];
  const hidden = owners.size === 0 ? 0 : hiddenProcesses().filter(({ pid }) => pid !== host).length;
  const limits: readonly Finding[] =
    hidden === 0
      ? []
      : [
          {
            severity: 'note',
            about: 'files',
            found: `${formatCount(hidden, 'process', 'processes')} of other users may write the same files: this user cannot see which files they have open`,
            advice: 'to find out, run doctor as root',
          },
        ];
  const found = writers.flatMap(({ file, pid, name }): readonly Finding[] => {
    const owner = owners.get(file);
    if (owner === undefined || pid === host) return [];
    return [
      {
        severity: 'error',
        about: owner.instance,
        found: `process ${pid} (${name}) also writes ${owner.path}`,
        advice: 'only one program may write it: stop the other one, or configure another file',
      },
    ];
  });
  return [...found, ...limits];
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // missing or unreadable, which is another finding
  }
}

function damagedFindings(folders: readonly string[]): readonly Finding[] {
  return [...new Set(folders)].flatMap((folder) => {
    return namesIn(folder)
      .filter((name) => /\.damaged-/.test(name) && !/-(?:wal|shm)$/.test(name))
      .map((name) => ({
        severity: 'warning' as const,
        about: join(folder, name),
        found: 'damaged file that was set aside; its content is missing',
        advice: SET_ASIDE,
      }));
  });
}

/** Findings about files, folders and disks. `host` is the process that runs the configuration. */
export function fileFindings(
  files: readonly NamedFile[],
  dataDir: string,
  host: number | undefined,
  now: number,
): readonly Finding[] {
  const written = files.filter(({ isOnlyRead }) => !isOnlyRead);
  const all = [...files, { instance: 'data', path: dataDir, isOnlyRead: false }];
  return [
    ...files.filter(({ isOnlyRead }) => isOnlyRead).flatMap(readFindings),
    ...all.flatMap((file) => clockFindings(file, now)),
    ...spaceFindings([{ instance: 'data', path: dataDir, isOnlyRead: false }, ...written]),
    ...sharedFindings(written),
    ...writerFindings(written, host),
    ...damagedFindings([dataDir, ...written.map(({ path }) => dirname(path))]),
  ];
}
