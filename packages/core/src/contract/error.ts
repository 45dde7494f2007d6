import { property } from './property.ts';
import { describeSystemError } from './text/system-error.ts';

/** The kind of an {@link IhandlerError}, for programs. */
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

/**
 * An error in a program, a configuration or a file, for which there is something to do. Its message says what failed, the
 * expected and the actual value, and what to do.
 */
export class IhandlerError extends Error {
  override readonly name = 'IhandlerError';
  readonly code: IhandlerErrorCode;
  constructor(code: IhandlerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether an error is an {@link IhandlerError}, of any copy of core: two may be installed. */
export function isIhandlerError(error: unknown): error is IhandlerError {
  return property(error, 'name') === 'IhandlerError' && error instanceof Error;
}

/** Whether an error says that the journal can no longer store anything durably. The process should then exit. */
export function isJournalFailed(error: unknown): boolean {
  return isIhandlerError(error) && error.code === 'JOURNAL_FAILED';
}

/**
 * Makes a temporary error: the same incidents are retried without limit, after `retryAfter` milliseconds or the usual
 * back-off. From a source it means that the source is disconnected and is to be run again.
 */
export function temporary(message: string, options?: ErrorOptions & { readonly retryAfter?: number }): Error {
  return Object.assign(new Error(message, options), { retryAfter: options?.retryAfter ?? 0 });
}

/** Makes a permanent error: the incident goes to the dead letters without a further attempt. */
export function permanent(message: string, options?: ErrorOptions): Error {
  return Object.assign(new Error(message, options), { permanent: true as const });
}

/** The `code` of an error, such as `ENOENT` or `SQLITE_BUSY`; `''` when it has none. */
export function errorCode(error: unknown): string {
  const code = property(error, 'code');
  return typeof code === 'string' ? code : '';
}

/** How the dispatcher reacts to a failure. See {@link failureKind}. */
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
 * Classifies a failure by its properties, so that errors of any copy of core and of any library work:
 *
 * - `permanent`: the property `permanent` is true. The incident goes to the dead letters at once.
 * - `temporary`: the error or one of its causes has `retryAfter` (milliseconds) or the code of a network, busy, full-disk or
 *   I/O error. Retried without limit.
 * - `unknown`: anything else. Retried a limited number of times (see `RetryPolicy.attempts`).
 */
export function failureKind(error: unknown): FailureKind {
  if (property(error, 'permanent') === true) return 'permanent';
  if (isJournalFailed(error)) return 'unknown'; // whatever its cause: the journal does not recover in this process
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
  // A connection that failed at each address of a host name has no message of its own.
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0 && depth > 0)
    return describeDeep(error.errors[0], depth - 1);
  const text = describeSystemError(error) ?? (error.message || error.name);
  if (error.cause === undefined || depth === 0) return text;
  const cause = describeDeep(error.cause, depth - 1);
  return text.includes(cause) ? text : `${text} (${cause})`;
}

/**
 * The message of an error with up to four causes. Errors of the system are in plain words, without their code. Works for any
 * thrown value, and never throws.
 */
export function describeError(error: unknown): string {
  try {
    return describeDeep(error, 4);
  } catch {
    // The thrown object has a toString that throws.
    return 'an error that cannot be described';
  }
}
