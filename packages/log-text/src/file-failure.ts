import { dirname } from 'node:path';
import { describeError, IhandlerError, temporary } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';

const reasons = new Map<string, (file: string) => string>([
  ['ENOENT', (file) => `the folder ${dirname(file)} does not exist: make it, or name a file in another`],
  ['ENOTDIR', (file) => `${dirname(file)} is no folder: name a file in one`],
  ['EISDIR', (file) => `${file} is a folder: name a file in it`],
  [
    'EACCES',
    (file) => `this user may not write it: change the permissions of ${dirname(file)}, or name another`,
  ],
  [
    'EPERM',
    (file) => `this user may not write it: change the permissions of ${dirname(file)}, or name another`,
  ],
  ['EROFS', () => 'its file system is read-only: name a file elsewhere'],
  ['ENOSPC', () => 'the disk is full: make space'],
  ['EDQUOT', () => 'the disk quota is used up: make space'],
  ['EFBIG', () => 'files may not grow as large as that: raise the limit, or set `rotate` to a smaller size'],
]);
/** What only the operator can put right. */
const mistakes: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES', 'EPERM', 'EROFS']);

function wording(error: unknown, file: string): string {
  const code = errorCode(error);
  const reason = reasons.get(code)?.(file) ?? describeError(error);
  return `${file} cannot be written${code === '' ? '' : ` (${code})`}: ${reason}.`;
}

/** What failed while the file was in use: it passes, whatever it is, since no incident can be blamed for it. Keeps the code. */
export function passingFailure(error: unknown, file: string): Error {
  return Object.assign(temporary(wording(error, file), { cause: error }), { code: errorCode(error) });
}

/** What failed when the file was first opened: `TARGET_UNREADABLE` when only the operator can put it right. */
export function openingFailure(error: unknown, file: string): Error {
  return mistakes.has(errorCode(error))
    ? new IhandlerError('TARGET_UNREADABLE', wording(error, file), { cause: error })
    : passingFailure(error, file);
}
