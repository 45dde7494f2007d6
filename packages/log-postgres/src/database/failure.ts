import { describeError, IhandlerError, isIhandlerError, temporary } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { Login } from './login.ts';

/** What the driver says in words alone, and the code of PostgreSQL that would say the same. */
const words: readonly (readonly [begins: RegExp, code: string])[] = [
  [/^Connection terminated|^timeout expired|^Client (?:has|was) |^Query read timeout/, '08006'],
  [/^SASL: .*password/, '28P01'],
  [/^The server does not support SSL/, 'NO_SSL'],
];

/** The five characters by which PostgreSQL tells an error, or the system's code, or nothing. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return errorCode(error) || (words.find(([begins]) => begins.test(error.message))?.[1] ?? '');
}

/** What a failure means and what to do, by code or class of codes; undefined for one that an incident may be blamed for. */
function meaning(code: string, { name, user, host, database }: Login, schema: string): string | undefined {
  const byClass = code.slice(0, 2);
  if (code === '28P01' || code === '28000')
    return `${name} does not let ${user} in: check the user, the password (option "password", or IHANDLER_POSTGRES_PASSWORD) and the server's pg_hba.conf`;
  if (code === '3D000')
    return `${name} does not exist: make it (createdb ${database}), or name another database`;
  if (code === '42501')
    return `${user} may not do that in the schema ${schema} of ${name}: let its owner GRANT the rights or give the schema to ${user}, or name another one with "schema"`;
  if (code === '53300') return `${name} has no connection left: it is tried again when one is free`;
  if (code === '53100' || code === '58030')
    return `${name} has no space left on its disk, or cannot write to it`;
  if (code === '25006') return `${name} takes no writes at the moment: is it a standby?`;
  if (code === '40001' || code === '40P01' || code === '55P03' || code === '57014')
    return `${name} was busy with what other programs write`;
  if (code === '23505' || code === '23503') return `${name}: another program wrote the same at the same time`;
  if (byClass === '42' || byClass === '3F')
    return `${name} does not hold the tables that are expected in the schema ${schema}: were they changed by another program?`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${name} shows a certificate that is not for ${host}: name the server as its certificate does`;
  if (/CERT|ISSUER/.test(code))
    return `${name} shows a certificate that is not trusted: name the one to trust with "ca"`;
  if (/^E[A-Z_]+$/.test(code) || byClass === '08') return `${name} cannot be reached`;
  if (code === 'NO_SSL') return `${name} does not encrypt: let the server do so, or leave "ssl" and "ca" out`;
  if (byClass === '57') return `${name} is starting or stopping`;
  // Classes of what a value may be the cause of: it does not fit, breaks a rule, is too large.
  if (/^[0-9A-Z]{5}$/.test(code) && !['22', '23', '54'].includes(byClass))
    return `${name} has a trouble of its own`;
  return undefined;
}

/**
 * Says what a failure means for a database. Nearly everything passes when somebody has put it right, so it is tried
 * again; what may be wrong with a value is left as it is, so that the batch is tried one by one.
 */
export function explainFailure(error: unknown, login: Login, schema: string): unknown {
  if (isIhandlerError(error)) return error;
  if (typeof error === 'object' && error !== null && 'retryAfter' in error) return error;
  const means = meaning(codeOf(error), login, schema);
  if (means === undefined) return error;
  return temporary(means, { cause: error });
}

/** The same for reading, where there is nobody to try again: it is told at once. */
export function explainReading(error: unknown, login: Login, schema: string): unknown {
  if (isIhandlerError(error)) return error;
  if (error instanceof Error && 'retryAfter' in error)
    return new IhandlerError('TARGET_UNREADABLE', `${error.message}.`, { cause: error });
  const means = meaning(codeOf(error), login, schema);
  if (means === undefined) return error;
  return new IhandlerError('TARGET_UNREADABLE', `${means} (${describeError(error)}).`, { cause: error });
}
