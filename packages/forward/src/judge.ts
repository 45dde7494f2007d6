import { describeError, escapeControls, permanent, temporary } from '@ihandler/core';
import { errorCode } from '@ihandler/core/kit';
import type { Answer } from './client.ts';
import { NOT_PINNED } from './pinned-agent.ts';

/** How long to wait for an operator, in milliseconds. */
const PATIENT = 60_000;
/** The longest wait that the other end may ask for, in milliseconds. */
const LONGEST = 3_600_000;

/** What an answer means for what was posted. */
export type Judgement =
  | { readonly taken: true }
  /** It is too large: in halves it may do. */
  | { readonly taken: 'too large' }
  | {
      readonly taken: false;
      readonly error: Error;
      /** Whether it stays so until somebody does something. */
      readonly needsOperator: boolean;
    };

/** The JSON that the port answers with, as far as it is read here. */
function parsed(text: string): { readonly error?: unknown; readonly rejected?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // Somebody in between answered with something else.
    return {};
  }
}

function reasonOf(text: string): string {
  const { error } = parsed(text);
  return typeof error === 'string' ? `: ${escapeControls(error).slice(0, 500)}` : '';
}

/** The wait that a Retry-After asks for, in seconds or as a date, as milliseconds. */
function waitOf(retryAfter: string | undefined, now: number): number {
  if (retryAfter === undefined) return 0;
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), LONGEST) : 0;
}

function failed(error: Error, needsOperator = false): Judgement {
  return { taken: false, error, needsOperator };
}

function forOperator(message: string): Judgement {
  return failed(temporary(message, { retryAfter: PATIENT }), true);
}

/** Judges an answer to `lines` incidents. */
export function judgeAnswer(
  { status, retryAfter, text }: Answer,
  lines: number,
  where: string,
  now: number,
): Judgement {
  const reason = reasonOf(text);
  if (status === 200) {
    const { rejected } = parsed(text);
    if (!Array.isArray(rejected) || rejected.length === 0) return { taken: true };
    // Those go to the dead letters when they are sent one by one; the others are known there by then.
    return failed(permanent(`${where} did not take ${rejected.length} of ${lines} incidents`));
  }
  if (status > 200 && status < 300) return { taken: true };
  if (status === 413)
    return lines > 1 ? { taken: 'too large' } : failed(permanent(`${where} finds it too large${reason}`));
  if (status === 400) return failed(permanent(`${where} does not take it${reason}`));
  if (status === 401)
    return forOperator(
      `${where} does not know our token: set "token" to one that its source http has${reason}`,
    );
  if (status === 403)
    return forOperator(
      `${where} does not let our token post this: put "sensors" of its source http right${reason}`,
    );
  if (status === 408 || status === 429 || status >= 500)
    return failed(temporary(`${where} answers ${status}${reason}`, { retryAfter: waitOf(retryAfter, now) }));
  return forOperator(
    `${where} answers ${status}: check that "url" is where another ihandler takes posts${reason}`,
  );
}

/** Judges that there was no answer. */
export function judgeFailure(error: unknown, where: string): Judgement {
  const code = errorCode(error);
  const found = describeError(error);
  if (code === 'CERT_HAS_EXPIRED')
    return forOperator(`${where}: its certificate has expired; renew it there (${found})`);
  if (code === NOT_PINNED)
    return forOperator(`${where}: ${found}. If that is the right one, set "pin" to it`);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return forOperator(
      `${where}: its certificate is for another name (${found}); put "url" right, or set "pin"`,
    );
  if (code === 'EPROTO' || code.startsWith('ERR_SSL'))
    return forOperator(`${where} does not speak TLS as we do (${found}): is it https there?`);
  if (/CERT|ISSUER|CRL|SIGNATURE/.test(code))
    return forOperator(
      `${where}: its certificate is not trusted (${code}): set "ca" to a PEM file with the certificate that signed it, or "pin" to its SHA-256`,
    );
  return failed(temporary(`${where} cannot be reached: ${found}`, { cause: error }));
}
