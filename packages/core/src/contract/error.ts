import { property } from './property.ts';

/** What went wrong, for programs. */
export type IhandlerErrorCode =
  | 'CONTRACT_UNKNOWN'
  | 'GLOB_INVALID'
  | 'HANDLER_INVALID'
  | 'INCIDENT_INVALID'
  | 'JOURNAL_BUSY'
  | 'JOURNAL_FAILED'
  | 'JOURNAL_FULL'
  | 'JOURNAL_INVALID'
  | 'LIFE_CYCLE'
  | 'OPTIONS_INVALID'
  | 'ORIGIN_UNDECLARED'
  | 'STALLED'
  | 'TARGET_UNREADABLE';

/** A wrong program, configuration or file: thrown early, with what was expected, what was found and what to do. */
export class IhandlerError extends Error {
  override readonly name = 'IhandlerError';
  readonly code: IhandlerErrorCode;
  constructor(code: IhandlerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Recognises an {@link IhandlerError} of any copy of core, since two may be installed. */
export function isIhandlerError(error: unknown): error is IhandlerError {
  return property(error, 'name') === 'IhandlerError' && error instanceof Error;
}

/** Whether a journal can promise nothing any more: then the process is to end. */
export function isJournalFailed(error: unknown): boolean {
  return isIhandlerError(error) && error.code === 'JOURNAL_FAILED';
}

/** Marks an error as passing: the same batch is tried again, for ever, after `retryAfter` milliseconds or the usual backoff. */
export function temporary(message: string, options?: ErrorOptions & { readonly retryAfter?: number }): Error {
  return Object.assign(new Error(message, options), { retryAfter: options?.retryAfter ?? 0 });
}

/** Marks an error as final for the incident: it goes to the dead letters at once. */
export function permanent(message: string, options?: ErrorOptions): Error {
  return Object.assign(new Error(message, options), { permanent: true as const });
}

/** The code that the system, SQLite or a library gave an error, such as `ENOENT`; empty where there is none. */
export function errorCode(error: unknown): string {
  const code = property(error, 'code');
  return typeof code === 'string' ? code : '';
}

/** What a failure means for what is delivered next. */
export type FailureKind = 'temporary' | 'permanent' | 'unknown';

const passingCodes = new Set(
  (
    'EAI_AGAIN ECONNABORTED ECONNREFUSED ECONNRESET EHOSTDOWN EHOSTUNREACH ENETDOWN ENETUNREACH ENOTFOUND EPIPE ETIMEDOUT ' +
    'JOURNAL_FULL EBUSY EAGAIN EDQUOT EIO EMFILE ENFILE ENOSPC EROFS EACCES EPERM ' +
    'UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT UND_ERR_SOCKET'
  ).split(' '),
);
const passingPrefixes = [
  'SQLITE_BUSY',
  'SQLITE_LOCKED',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
];

/**
 * Tells what a failure means, by duck typing: `retryAfter` (milliseconds), `permanent`, or the code of a network, busy,
 * full-disk or I/O error, also of its `cause`. Anything else is unknown and is tried a bounded number of times.
 */
export function failureKind(error: unknown): FailureKind {
  if (property(error, 'permanent') === true) return 'permanent';
  if (isJournalFailed(error)) return 'unknown'; // whatever made it fail: it does not come back in this process
  for (let current = error, depth = 0; current !== undefined && depth < 5; depth += 1) {
    if (typeof property(current, 'retryAfter') === 'number') return 'temporary';
    const code = errorCode(current);
    if (passingCodes.has(code) || passingPrefixes.some((prefix) => code.startsWith(prefix)))
      return 'temporary';
    current = property(current, 'cause');
  }
  return 'unknown';
}

function describeDeep(error: unknown, depth: number): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.message || error.name;
  return error.cause === undefined || depth === 0
    ? text
    : `${text} (${describeDeep(error.cause, depth - 1)})`;
}

/** Says what went wrong, with up to four causes, also for what is not an Error or has no message. */
export function describeError(error: unknown): string {
  try {
    return describeDeep(error, 4);
  } catch {
    // Somebody threw an object whose toString throws; there is nothing more to learn from it.
    return 'an error that cannot be described';
  }
}
