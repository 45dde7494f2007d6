import { describeError, IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';

/** How people call a file: its path, or what `-` stands for. */
export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/** What cannot be read, where, and what to do about it. */
export function unreadable(file: string, found: string, todo: string, cause?: unknown): IhandlerError {
  const message = `${nameOf(file)}: ${found} ${todo}`;
  return new IhandlerError('TARGET_UNREADABLE', message, cause === undefined ? {} : { cause });
}

const systemErrors = new Map([
  ['ENOENT', ['there is no such file.', 'Check the path.']],
  ['ENOTDIR', ['there is no such file.', 'Check the path.']],
  ['EISDIR', ['this is a folder; expected a file.', 'Name a file in it.']],
  ['EACCES', ['the permission to read it is missing.', 'Run as a user who may read it, or copy it.']],
  ['EPERM', ['the permission to read it is missing.', 'Run as a user who may read it, or copy it.']],
  ['ENOSPC', ['the disk is full.', 'Make room in the folder for temporary files, or set TMPDIR.']],
  ['Z_BUF_ERROR', ['its gzip data is cut.', 'What came before the cut has been read; copy the file again.']],
  ['Z_DATA_ERROR', ['its gzip data is damaged.', 'What came before has been read; copy the file again.']],
]);

/** Turns what the file system or zlib throws into words; anything else stays what it is. */
export function explainFileError(file: string, error: unknown): unknown {
  const code = errorCode(error);
  const [found, todo] = systemErrors.get(code) ?? [];
  if (found !== undefined && todo !== undefined) return unreadable(file, found, todo, error);
  if (code.startsWith('Z_'))
    return unreadable(file, 'its gzip data is damaged.', 'Copy the file again.', error);
  if (/^E[A-Z]+$/.test(code) && error instanceof Error && 'syscall' in error)
    return unreadable(file, `it could not be read: ${describeError(error)}.`, 'Try again.', error);
  return error;
}
