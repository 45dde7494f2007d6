import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, sep } from 'node:path';
import { describeError, errorCode, permanent } from '../contract/error.ts';

/** A captured file that lies in a folder which the operator allowed, open for reading. */
export interface OpenSample {
  /** In bytes, when it was opened. */
  readonly size: number;
  /** Reads the next bytes into a buffer; 0 at the end. A failure is a permanent error that says so of the sample. */
  read(buffer: Uint8Array): Promise<number>;
  /** Throws a permanent error when the file is not what it was when it was opened. */
  assertUnchanged(bytesRead: number): Promise<void>;
  close(): Promise<void>;
}

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;

/** Reading is refused for good: the incident goes to the dead letters with the reason, and can be tried again from there. */
function refuse(path: string, found: string, todo: string, cause?: unknown): Error {
  return permanent(`The sample ${JSON.stringify(path)} is not taken: ${found} ${todo}`, { cause });
}

function explain(path: string, error: unknown): unknown {
  switch (errorCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return refuse(
        path,
        'there is no such file (any more).',
        'Was it removed, or is "paths" of the source missing?',
        error,
      );
    case 'EACCES':
    case 'EPERM':
      return refuse(
        path,
        'this user may not read it (dionaea keeps its files for itself, with mode 0600).',
        'Run ihandler as the user of dionaea: what comes later has that mode again, whatever its folder grants.',
        error,
      );
    case 'ELOOP':
    case 'EMLINK':
      return refuse(path, 'it is a link.', 'Only the file itself is taken.', error);
    case 'ENXIO':
      return refuse(path, 'it is no regular file.', 'Only those are taken.', error);
    default:
      return refuse(
        path,
        `it cannot be read: ${describeError(error)}.`,
        'Try it again from the dead letters.',
        error,
      );
  }
}

async function opened(path: string): Promise<FileHandle> {
  // Neither a link that was put in place of the file is followed, nor does a pipe make us wait.
  return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

/** Whether what was opened is still where it was looked for: a folder on the way may have become a link meanwhile. */
async function isWhereItWas(handle: FileHandle, real: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  try {
    return (await readlink(`/proc/self/fd/${handle.fd}`)) === real;
  } catch {
    // Without /proc there is nobody to ask.
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

/**
 * Opens a file that an incident names whose files are on this machine (`incident.local`, which the caller has looked at),
 * if it lies in one of `folders` when all links on the way are followed, and is itself neither a link nor anything but a
 * regular file. Throws a permanent error, which says why and what to do, for everything else.
 */
export async function openSample(path: string, folders: readonly string[]): Promise<OpenSample> {
  if (!isAbsolute(path) || path.includes('\0'))
    throw refuse(path, 'expected an absolute path.', 'Does the source need "paths"?');
  let handle: FileHandle;
  let real: string;
  try {
    const folder = await realpath(dirname(path));
    real = join(folder, basename(path));
    const allowed = await realFolders(folders);
    if (basename(path) === '..' || !allowed.some((each) => isInside(each, real)))
      throw refuse(
        path,
        `it lies in none of the folders that are allowed: ${folders.join(', ')}.`,
        'Add its folder to those that are allowed if it is one of the sensor.',
      );
    handle = await opened(real);
  } catch (error) {
    throw error instanceof Error && 'permanent' in error ? error : explain(path, error);
  }
  try {
    if (!(await isWhereItWas(handle, real)))
      throw refuse(path, 'it was moved while it was opened.', 'Try it again from the dead letters.');
    const before = await handle.stat();
    if (!before.isFile()) throw refuse(path, 'it is no regular file.', 'Only those are taken.');
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
          bytesRead === before.size &&
          after.size === before.size &&
          after.mtimeMs === before.mtimeMs &&
          after.ctimeMs === before.ctimeMs;
        if (!isSame)
          throw refuse(
            path,
            'it changed while it was read.',
            'Try it again from the dead letters once it is whole.',
          );
      },
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Whether an error of {@link openSample} says that the file is gone. */
export function isGone(error: unknown): boolean {
  return error instanceof Error && ['ENOENT', 'ENOTDIR'].includes(errorCode(error.cause));
}
