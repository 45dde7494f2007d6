import { constants } from 'node:fs';
import { access, type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { describeError, errorCode, permanent } from '../../contract/error.ts';

/** A captured file in a folder that the operator allows, open for reading. */
export interface OpenSample {
  /** The size in bytes when the file was opened. */
  readonly size: number;
  /** Reads the next bytes into a buffer and returns their number; 0 at the end. Rejects with a permanent error. */
  read(buffer: Uint8Array): Promise<number>;
  /**
   * Throws a permanent error when the file has changed since it was opened: its size or the time of its last write. Links that
   * are made or removed do not count: a sensor gives its files their permanent names while they are read.
   */
  assertUnchanged(bytesRead: number): Promise<void>;
  close(): Promise<void>;
}

/** Marks the error for a file that changed: reading it again may succeed. */
const CHANGED = 'sampleChanged';

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** A permanent error: the incident goes to the dead letters with the reason, and can be retried from there. */
function rejection(path: string, found: string, todo: string, cause?: unknown): Error {
  return permanent(`cannot read the sample ${JSON.stringify(path)}: ${found}; ${todo}`, { cause });
}

function explain(path: string, error: unknown): unknown {
  switch (errorCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return rejection(
        path,
        'the file does not exist',
        'check whether it was removed, or whether the source needs "root" or "paths"',
        error,
      );
    case 'EACCES':
    case 'EPERM':
      return rejection(
        path,
        'permission denied',
        'run ihandler as the user of the sensor, since new files get the same mode whatever their folder grants',
        error,
      );
    case 'ELOOP':
    case 'EMLINK':
      return rejection(path, 'it is a symbolic link', 'only regular files are read', error);
    case 'ENXIO':
      return rejection(path, 'it is not a regular file', 'only regular files are read', error);
    default:
      return rejection(path, describeError(error), 'retry the incident from the dead letters', error);
  }
}

async function opened(path: string): Promise<FileHandle> {
  // Does not follow a link that replaced the file, and does not block on a pipe.
  return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

/** Whether the open file is the one at its path: a folder of the path may have been replaced by a link since. */
async function isWhereItWas(handle: FileHandle, real: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  try {
    return (await readlink(`/proc/self/fd/${handle.fd}`)) === real;
  } catch {
    // There is no /proc to ask.
    return true;
  }
}

function isInside(folder: string, path: string): boolean {
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

async function realFolders(folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.allSettled(folders.map((folder) => realpath(folder)));
  return found.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** A name that says what the file holds: an MD5, SHA-1 or SHA-256. */
const contentName = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})$/i;

/**
 * Where a file may be whose path is wrong, so that an incident that was accepted with it can be retried after the operator
 * corrected the source or allowed the folder. A relative path: in the allowed folder whose own path ends in the same way. An
 * absolute path of no file: in an allowed folder that has the same name, if that is a hash of the content.
 */
async function located(path: string, folders: readonly string[]): Promise<string> {
  const segments = path.split('/').filter((segment) => segment !== '.');
  if (path.includes('\0') || segments.includes('..')) return path;
  const name = segments.at(-1) ?? '';
  if (isAbsolute(path) && (!contentName.test(name) || (await exists(path)))) return path;
  const end = isAbsolute(path)
    ? ''
    : segments
        .slice(0, -1)
        .map((segment) => sep + segment)
        .join('');
  for (const folder of folders) {
    const candidate = join(folder, name);
    if (folder.replace(/\/+$/, '').endsWith(end) && (await exists(candidate))) return candidate;
  }
  return path;
}

/**
 * Opens a file that an incident names. Call it only for incidents whose files are on this machine (`incident.local`). The file
 * must be a regular file, not a link, and must be in one of `folders` after all links in its path are followed. Rejects with a
 * permanent error that says what is wrong and what to do.
 */
export async function openSample(named: string, folders: readonly string[]): Promise<OpenSample> {
  const path = await located(named, folders);
  if (!isAbsolute(path) || path.includes('\0'))
    throw rejection(path, 'expected an absolute path', 'check whether the source needs "root" or "paths"');
  let handle: FileHandle;
  let real: string;
  try {
    const folder = await realpath(dirname(path));
    real = join(folder, basename(path));
    const allowed = await realFolders(folders);
    if (basename(path) === '..' || !allowed.some((each) => isInside(each, real)))
      throw rejection(
        path,
        `it is outside the allowed folders (${folders.join(', ')})`,
        'if its folder belongs to the sensor, allow it',
      );
    handle = await opened(real);
  } catch (error) {
    throw error instanceof Error && 'permanent' in error ? error : explain(path, error);
  }
  try {
    if (!(await isWhereItWas(handle, real)))
      throw rejection(path, 'it was moved while it was opened', 'retry the incident from the dead letters');
    const before = await handle.stat();
    if (!before.isFile()) throw rejection(path, 'it is not a regular file', 'only regular files are read');
    return {
      size: before.size,
      async read(buffer) {
        try {
          const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
          return bytesRead;
        } catch (error) {
          throw explain(path, error);
        }
      },
      async assertUnchanged(bytesRead) {
        const after = await handle.stat();
        const isSame =
          bytesRead === before.size && after.size === before.size && after.mtimeMs === before.mtimeMs;
        if (!isSame)
          throw Object.assign(
            rejection(
              path,
              'it changed while it was read',
              'retry the incident from the dead letters when the file is complete',
            ),
            { [CHANGED]: true },
          );
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether an error of {@link openSample} means that the file does not exist. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && ['ENOENT', 'ENOTDIR'].includes(errorCode(error.cause));
}
