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
  return property(error, 'name') === 'IhandlerError' && isError(error);
}

/** Whether a thrown value is an Error; false for a proxy that throws when it is asked. */
export function isError(error: unknown): error is Error {
  try {
    return error instanceof Error;
  } catch {
    return false;
  }
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

/**
 * Makes the error of a `write` that has handled its batch except for these incidents. The dispatcher counts the others as
 * delivered and delivers each of these by itself; the error that it has then decides whether it is retried or moves to the
 * dead letters. What was handled may arrive again after a crash, and when the rest has to wait. A handler that declares
 * `reports` or keeps a `checkpoint` gets the whole batch again.
 */
export function partialFailure(
  failed: readonly { readonly incident: { readonly id: string }; readonly error: unknown }[],
): Error {
  const message = `${failed.length} incidents of the batch failed`;
  return Object.assign(new Error(message, { cause: failed[0]?.error }), {
    failedIds: failed.map(({ incident }) => incident.id),
  });
}

/** The ids that an error of {@link partialFailure} names, of any copy of core; undefined for other errors. */
export function failedIds(error: unknown): ReadonlySet<string> | undefined {
  const ids = property(error, 'failedIds');
  return Array.isArray(ids) && ids.length > 0 ? new Set(ids.map(String)) : undefined;
}

/** The `code` of an error, such as `ENOENT` or `SQLITE_BUSY`; `''` when it has none. */
export function errorCode(error: unknown): string {
  const code = property(error, 'code');
  return typeof code === 'string' ? code : '';
}

/** The longest description, in characters: an attacker's data may be part of a message. */
const LONGEST = 4000;

function describeDeep(error: unknown, depth: number): string {
  if (!isError(error)) {
    const message = property(error, 'message');
    return typeof message === 'string' && message !== '' ? message : String(error);
  }
  // A connection that failed at each address of a host name has no message of its own.
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0 && depth > 0)
    return describeDeep(error.errors[0], depth - 1);
  // A library may have set the message to another value than a text.
  const text = describeSystemError(error) ?? String(error.message || error.name);
  if (error.cause === undefined || depth === 0) return text;
  const cause = describeDeep(error.cause, depth - 1);
  // A cause such as "connection refused: 127.0.0.1:1" often says no more than the text around it.
  return cause.split(': ').every((part) => text.includes(part)) ? text : `${text} (${cause})`;
}

/**
 * The message of an error with up to four causes. Errors of the system are in plain words, without their code. Works for any
 * thrown value, is cut after 4,000 characters, and never throws.
 */
export function describeError(error: unknown): string {
  try {
    const text = describeDeep(error, 4);
    return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  } catch {
    // The thrown object has a toString that throws.
    return 'an error that cannot be described';
  }
}
