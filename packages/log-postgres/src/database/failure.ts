import { describeError, IhandlerError, isIhandlerError, temporary } from '@ihandler/core';
import { errorCode, explainTls } from '@ihandler/core/kit';
import type { Login } from './login.ts';

/** Messages of the driver that come without a code, and the code of PostgreSQL with the same meaning. */
const messages: readonly (readonly [begins: RegExp, code: string])[] = [
  [/^Connection terminated|^timeout expired|^Client (?:has|was) |^Query read timeout/, '08006'],
  [/^SASL: .*password/, '28P01'],
  [/^The server does not support SSL/, 'NO_SSL'],
  // The answer to the request for TLS was neither yes nor no.
  [/^There was an error establishing an SSL connection/, 'NO_POSTGRES'],
];

/** Plain words for the messages of the driver that are about the connection. */
const phrases: readonly (readonly [begins: RegExp, phrase: string | undefined])[] = [
  [/^Connection terminated|^Client (?:has|was) /, 'the server closed the connection'],
  [/^timeout expired|^Query read timeout/, 'no answer in time'],
  [/^There was an error establishing an SSL connection/, undefined],
];

/** The cause of an explained failure: the error, or plain words for a message of the driver. */
function causeOf(error: unknown): { readonly cause?: unknown } {
  const message = error instanceof Error && errorCode(error) === '' ? error.message : '';
  const found = phrases.find(([begins]) => begins.test(message));
  if (found === undefined) return { cause: error };
  return found[1] === undefined ? {} : { cause: new Error(found[1]) };
}

/** The five-character code of a PostgreSQL error, else the system's code, else an empty text. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return errorCode(error) || (messages.find(([begins]) => begins.test(error.message))?.[1] ?? '');
}

function isPostgresCode(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code);
}

/** What failed and what to do, by code or class of codes. Undefined for an error that a value of an incident may have caused. */
function meaningOf(code: string, { name, user, database }: Login, schema: string): string | undefined {
  const codeClass = code.slice(0, 2);
  if (code === '28P01' || code === '28000')
    return `${name} rejected the login of ${user}: check the user, the password (option "password", or IHANDLER_POSTGRES_PASSWORD) and the server's pg_hba.conf`;
  if (code === '3D000')
    return `${name} does not exist: create it (createdb ${database}), or name another database`;
  if (code === '42501')
    return `${user} lacks privileges in the schema ${schema} of ${name}: have its owner GRANT them or give the schema to ${user}, or name another one with "schema"`;
  if (code === '53300') return `${name} has no free connection, retrying`;
  if (code === '53100' || code === '58030') return `${name} cannot write to its disk, or the disk is full`;
  if (code === '25006') return `${name} is read-only at the moment: it may be a standby`;
  if (code === '40001' || code === '40P01' || code === '55P03' || code === '57014')
    return `${name} is busy with writes of other programs`;
  if (code === '23505' || code === '23503')
    return `${name}: another program wrote the same rows at the same time`;
  if (codeClass === '42' || codeClass === '3F')
    return `the schema ${schema} of ${name} lacks expected tables or columns: another program may have changed them`;
  if (code === 'NO_SSL') return `${name} does not support TLS: enable it on the server, or leave "tls" out`;
  if (code === 'NO_POSTGRES') return `${name} does not speak PostgreSQL: check the host and the port`;
  if (/^E[A-Z_]+$/.test(code) || codeClass === '08') return `cannot connect to ${name}`;
  if (codeClass === '57') return `${name} is starting or stopping`;
  // A value can cause errors of these classes: it does not fit, violates a constraint or is too large.
  if (isPostgresCode(code) && !['22', '23', '54'].includes(codeClass))
    return `${name}: PostgreSQL internal error`;
  return undefined;
}

function explain(error: unknown, login: Login, schema: string): string | undefined {
  const code = codeOf(error);
  // The message of a PostgreSQL error may quote an attacker: only errors of the connection are searched for TLS.
  const tls = isPostgresCode(code) ? undefined : explainTls(error);
  if (tls !== undefined) return `cannot connect to ${login.name}: ${tls.replace(/\.$/, '')}`;
  return meaningOf(code, login, schema);
}

/**
 * Turns a failure into a temporary error with advice, since an operator can fix nearly all of them without a restart.
 * Returns other errors unchanged: a value may have caused them, so the batch is retried one incident at a time.
 */
export function explainFailure(error: unknown, login: Login, schema: string): unknown {
  if (isIhandlerError(error)) return error;
  if (typeof error === 'object' && error !== null && 'retryAfter' in error) return error;
  const meaning = explain(error, login, schema);
  return meaning === undefined ? error : temporary(meaning, causeOf(error));
}

/** The same for a reader, which does not retry: `TARGET_UNREADABLE`. */
export function explainReading(error: unknown, login: Login, schema: string): unknown {
  if (isIhandlerError(error)) return error;
  if (error instanceof Error && 'retryAfter' in error)
    return new IhandlerError('TARGET_UNREADABLE', `${error.message}.`, { cause: error });
  const meaning = explain(error, login, schema);
  if (meaning === undefined) return error;
  return new IhandlerError('TARGET_UNREADABLE', `${meaning} (${describeError(error)}).`, { cause: error });
}
