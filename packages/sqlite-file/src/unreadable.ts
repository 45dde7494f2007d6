import { IhandlerError } from '@ihandler/core';

/** `TARGET_UNREADABLE` for a file that cannot be used. The message names the problem and the fix. */
export function unreadable(message: string, cause?: unknown): IhandlerError {
  return new IhandlerError('TARGET_UNREADABLE', message, cause === undefined ? undefined : { cause });
}
