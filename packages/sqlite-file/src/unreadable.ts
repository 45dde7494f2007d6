import { IhandlerError } from '@ihandler/core';

/** `TARGET_UNREADABLE` for a file that cannot be used. The message says what was expected, what was found, and what to do. */
export function unreadable(message: string, cause?: unknown): IhandlerError {
  return new IhandlerError('TARGET_UNREADABLE', message, cause === undefined ? undefined : { cause });
}
