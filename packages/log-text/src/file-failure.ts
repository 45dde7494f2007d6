import { dirname } from 'node:path';
import { describeError, IhandlerError, temporary } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';

const reasons = new Map<string, (file: string) => string>([
  ['ENOENT', (file) => `the folder ${dirname(file)} does not exist: create it, or name a file in another`],
  ['ENOTDIR', (file) => `${dirname(file)} is not a folder: name a file in a folder`],
  ['EISDIR', () => 'it is a folder: name a file in it'],
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
  ['EFBIG', () => 'it reached the limit for file sizes: raise the limit, or lower "rotate.maxSize"'],
]);
/** Failures that only the operator can fix. */
const permanentCodes: ReadonlySet<string> = new Set([
  'ENOENT',
  'ENOTDIR',
  'EISDIR',
  'EACCES',
  'EPERM',
  'EROFS',
]);

function describeFailure(error: unknown, file: string): string {
  const code = errorCode(error);
  const reason = reasons.get(code)?.(file) ?? describeError(error);
  return `Cannot write ${file}: ${reason}.`;
}

/** Makes any failure of a file in use temporary, because no incident causes it. Keeps the code. */
export function writeFailure(error: unknown, file: string): Error {
  return Object.assign(temporary(describeFailure(error, file), { cause: error }), { code: errorCode(error) });
}

/** Explains a failure of opening a file at start: `TARGET_UNREADABLE` when only the operator can fix it, else temporary. */
export function openFailure(error: unknown, file: string): Error {
  return permanentCodes.has(errorCode(error))
    ? new IhandlerError('TARGET_UNREADABLE', describeFailure(error, file), { cause: error })
    : writeFailure(error, file);
}
