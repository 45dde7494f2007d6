import { DAY } from '@ihandler/core/kit';
import type { HttpResponse } from './http-client.ts';

/** What a response other than success means. */
export type Problem =
  /** VirusTotal does not know the file. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** The comment exists already. */
  | { readonly kind: 'exists'; readonly message: string }
  /** VirusTotal rejects this request permanently. */
  | { readonly kind: 'rejected'; readonly message: string }
  /** The key is invalid or lacks a permission. */
  | { readonly kind: 'key'; readonly message: string }
  /** A quota is used up, or requests are too frequent (`tooFast`). */
  | {
      readonly kind: 'quota';
      readonly message: string;
      readonly retryAfter: number | undefined;
      readonly tooFast: boolean;
    }
  /** A temporary problem. `ambiguous`: the request may have been processed. */
  | {
      readonly kind: 'temporary';
      readonly message: string;
      readonly retryAfter: number | undefined;
      readonly ambiguous: boolean;
      /** Whether it concerns only this file, so that others can be looked up at once. */
      readonly ofFile: boolean;
    };

/** A success, or a problem. */
export type Answer<T> = { readonly kind: 'ok'; readonly value: T } | Problem;

const ofKey = new Set(['AuthenticationRequiredError', 'UserNotActiveError', 'WrongCredentialsError']);

/** The longest accepted `Retry-After`, in milliseconds: of a quota, which may be monthly, and of any other problem. */
const LONGEST_WAIT = { quota: 31 * DAY, temporary: DAY } as const;

/** The delay of a `Retry-After` header, in milliseconds. The header has seconds or a date. */
function retryAfterOf(header: string | undefined, now: number, longest: number): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) && wait > 0 ? Math.min(wait, longest) : undefined;
}

/** Parses JSON; undefined when it is invalid. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Proxies respond with HTML pages, and responses get cut. The status decides.
    return undefined;
  }
}

function codeOf(text: string): string | undefined {
  const body = parseJson(text);
  // Safe: every property is optional.
  const code = (body as { error?: { code?: unknown } } | null | undefined)?.error?.code;
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : undefined;
}

/** A temporary problem without `Retry-After`. */
export function temporaryProblem(
  message: string,
  { ambiguous = false, ofFile = false }: { readonly ambiguous?: boolean; readonly ofFile?: boolean } = {},
): Problem {
  return { kind: 'temporary', message, retryAfter: undefined, ambiguous, ofFile };
}

/**
 * Classifies a response by its status and error code, as in https://docs.virustotal.com/reference/errors. Without an error
 * code the status decides. Shows only the code of an error: its message may repeat the request.
 */
export function classifyResponse({ status, text, retryAfter: header }: HttpResponse, now: number): Problem {
  const code = codeOf(text);
  const message = `${status}${code === undefined ? '' : ` ${code}`}`;
  const foreign = `${message} (not from the v3 API)`;
  const retryAfter = retryAfterOf(header, now, LONGEST_WAIT.temporary);
  if (status === 401 || (status === 403 && code !== undefined && ofKey.has(code)))
    return { kind: 'key', message };
  // Without an error code it is the page of a proxy, which says nothing about files and keys.
  if (status === 404)
    return code === 'NotFoundError'
      ? { kind: 'unknown', message }
      : temporaryProblem(foreign, { ofFile: true });
  if (status === 403 && code === undefined) return temporaryProblem(foreign, { ambiguous: true });
  if (status === 409) return { kind: 'exists', message };
  if (status === 429 || status === 204)
    return {
      kind: 'quota',
      message,
      retryAfter: retryAfterOf(header, now, LONGEST_WAIT.quota),
      tooFast: code === 'TooManyRequestsError',
    };
  if (code === 'NotAvailableYet' || status === 424 || status === 408)
    return { kind: 'temporary', message, retryAfter, ambiguous: false, ofFile: true };
  // Of these only 503 means that nothing was done.
  if (status >= 500)
    return { kind: 'temporary', message, retryAfter, ambiguous: status !== 503, ofFile: false };
  if (status >= 400) return { kind: 'rejected', message };
  // A redirect is not followed, because it would send the key to another server.
  return temporaryProblem(foreign, { ambiguous: status < 300 });
}
