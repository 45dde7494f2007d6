import type { HttpAnswer } from './http-client.ts';

/** What an answer that is no success means. */
export type Problem =
  /** VirusTotal does not know it. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** It is there already. */
  | { readonly kind: 'exists'; readonly message: string }
  /** This request will never be taken. */
  | { readonly kind: 'refused'; readonly message: string }
  /** The key is none, or may not. */
  | { readonly kind: 'key'; readonly message: string }
  /** A quota is used up, or requests come too fast. */
  | {
      readonly kind: 'quota';
      readonly message: string;
      readonly retryAfter: number | undefined;
      readonly tooFast: boolean;
    }
  /** It passes. `ambiguous`: what was asked may have been done all the same. */
  | {
      readonly kind: 'later';
      readonly message: string;
      readonly retryAfter: number | undefined;
      readonly ambiguous: boolean;
      /** Whether it concerns this file only, and the next may be asked about at once. */
      readonly ofFile: boolean;
    };

/** A success, or a problem. */
export type Answer<T> = { readonly kind: 'ok'; readonly value: T } | Problem;

const ofKey = new Set(['AuthenticationRequiredError', 'UserNotActiveError', 'WrongCredentialsError']);

const DAY = 86_400_000;
/** Longer waits than these are not believed: for a quota, which may be that of a month, and for all else. */
const LONGEST_WAIT = { quota: 31 * DAY, later: DAY } as const;

/** The wait that `Retry-After` asks for, in milliseconds: seconds, or a date. */
function retryAfterOf(header: string | undefined, now: number, longest: number): number | undefined {
  if (header === undefined) return undefined;
  const wait = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) && wait > 0 ? Math.min(wait, longest) : undefined;
}

/** JSON, or undefined for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Front ends answer with pages, and answers get cut: what it was, the status tells.
    return undefined;
  }
}

function codeOf(text: string): string | undefined {
  const body = parseJson(text);
  // Safe: every step of the way is optional.
  const code = (body as { error?: { code?: unknown } } | null | undefined)?.error?.code;
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : undefined;
}

/** Something that passes. */
export function later(message: string, what: { ambiguous?: boolean; ofFile?: boolean } = {}): Problem {
  return {
    kind: 'later',
    message,
    retryAfter: undefined,
    ambiguous: what.ambiguous ?? false,
    ofFile: what.ofFile ?? false,
  };
}

/**
 * What a status and an error code mean. Only the code of an error is shown: its message may repeat what was sent. Rows of
 * https://docs.virustotal.com/reference/errors; a status decides where the body says nothing.
 */
export function problemOf({ status, text, retryAfter: header }: HttpAnswer, now: number): Problem {
  const code = codeOf(text);
  const message = `${status}${code === undefined ? '' : ` ${code}`}`;
  const foreign = `${message}, which is no answer of the API`;
  const retryAfter = retryAfterOf(header, now, LONGEST_WAIT.later);
  if (status === 401 || (status === 403 && code !== undefined && ofKey.has(code)))
    return { kind: 'key', message };
  // Without the code it is the page of something in between, which knows nothing of files and keys.
  if (status === 404)
    return code === 'NotFoundError' ? { kind: 'unknown', message } : later(foreign, { ofFile: true });
  if (status === 403 && code === undefined) return later(foreign, { ambiguous: true });
  if (status === 409) return { kind: 'exists', message };
  if (status === 429 || status === 204)
    return {
      kind: 'quota',
      message,
      retryAfter: retryAfterOf(header, now, LONGEST_WAIT.quota),
      tooFast: code === 'TooManyRequestsError',
    };
  if (code === 'NotAvailableYet' || status === 424 || status === 408)
    return { kind: 'later', message, retryAfter, ambiguous: false, ofFile: true };
  // Of these only 503 says that nothing was done.
  if (status >= 500) return { kind: 'later', message, retryAfter, ambiguous: status !== 503, ofFile: false };
  if (status >= 400) return { kind: 'refused', message };
  // A redirect is not followed: it would take the key to somebody else.
  return later(foreign, { ambiguous: status < 300 });
}
