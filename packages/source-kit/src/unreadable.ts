import { describeError, IhandlerError } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';

/** The name of a file for people: its path, or "standard input" for `-`. */
export function nameOf(file: string): string {
  return file === '-' ? 'standard input' : file;
}

/** The error for a file that cannot be read: `problem` and `fix` are sentences. */
export function unreadable(file: string, problem: string, fix: string, cause?: unknown): IhandlerError {
  const message = `${nameOf(file)}: ${problem} ${fix}`;
  return new IhandlerError('TARGET_UNREADABLE', message, cause === undefined ? {} : { cause });
}

const missing = ['file not found.', 'Check the path.'] as const;
const forbidden = [
  'permission denied.',
  'Run as a user who may read it and its folder, or copy it; ihandler doctor says how.',
] as const;

const systemErrors = new Map<string, readonly [problem: string, fix: string]>([
  ['ENOENT', missing],
  ['ENOTDIR', missing],
  ['EISDIR', ['this is a folder; expected a file.', 'Name a file in it.']],
  ['EACCES', forbidden],
  ['EPERM', forbidden],
  ['ENOSPC', ['the disk is full.', 'Free space in the folder for temporary files, or set TMPDIR.']],
  ['ELOOP', ['the symbolic link leads to itself.', 'Set the link to the file.']],
  [
    'Z_BUF_ERROR',
    ['its gzip data is incomplete.', 'Everything before its end has been read; copy the file again.'],
  ],
  [
    'Z_DATA_ERROR',
    ['its gzip data is damaged.', 'Everything before the damage has been read; copy the file again.'],
  ],
]);

/** Explains an error of the file system or of zlib; returns other errors unchanged. */
export function explainFileError(file: string, error: unknown): unknown {
  const code = errorCode(error);
  const known = systemErrors.get(code);
  if (known !== undefined) return unreadable(file, known[0], known[1], error);
  if (code.startsWith('Z_'))
    return unreadable(file, 'its gzip data is damaged.', 'Copy the file again.', error);
  if (/^E[A-Z]+$/.test(code) && error instanceof Error && 'syscall' in error)
    return unreadable(file, `reading failed: ${describeError(error)}.`, 'Retry the command.', error);
  return error;
}
