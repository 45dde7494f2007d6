import { describeError, escapeControls, permanent, temporary } from '@ihandler/core';
import { errorCode, explainTls, MINUTE, property } from '@ihandler/core/kit';
import type { Answer } from './client.ts';
import { NOT_PINNED } from './pinned-agent.ts';

/** How long to wait for a correction by an operator, in milliseconds. */
const OPERATOR_DELAY = MINUTE;
/** The longest delay that the hub may request, in milliseconds. */
const MAX_DELAY = 60 * MINUTE;

/** What a response means for the posted incidents. */
export type PostOutcome =
  | { readonly result: 'accepted' }
  /** The post is too large: its halves may be accepted. */
  | { readonly result: 'too large' }
  /** The hub has later incidents of the stream, as after a dead letter is retried. */
  | { readonly result: 'behind' }
  | {
      readonly result: 'refused';
      readonly error: Error;
      /** Whether the failure lasts until an operator acts. */
      readonly needsOperator: boolean;
    };

/** The members of the response's JSON that are used here. */
function parseBody(text: string): { readonly error?: unknown; readonly rejected?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // A proxy, or another program, has answered.
    return {};
  }
}

/** Whether the hub refuses the only incident of a post because it has later ones of the stream. */
function isBehind(text: string, count: number): boolean {
  const { rejected } = parseBody(text);
  const [first] = Array.isArray(rejected) ? rejected : [];
  return count === 1 && property(first, 'code') === 'ordinal-falls';
}

function reasonIn(text: string): string {
  const { error } = parseBody(text);
  return typeof error === 'string' ? `: ${escapeControls(error).slice(0, 500)}` : '';
}

/**
 * Whether another program has answered. A hub answers 204 without a body; every other response is JSON, that of 200 with
 * `rejected`, that of 202 and of errors with `error`.
 */
function isForeign(status: number, text: string): boolean {
  if (status === 204) return false;
  const { error, rejected } = parseBody(text);
  if (status === 200) return !Array.isArray(rejected);
  return (status < 300 || status === 400) && typeof error !== 'string';
}

/** The delay of a Retry-After header (seconds or a date), in milliseconds. */
function delayIn(retryAfter: string | undefined, now: number): number {
  if (retryAfter === undefined) return 0;
  const delay = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isFinite(delay) ? Math.min(Math.max(delay, 0), MAX_DELAY) : 0;
}

function refused(error: Error, needsOperator = false): PostOutcome {
  return { result: 'refused', error, needsOperator };
}

function needsOperator(message: string): PostOutcome {
  return refused(temporary(message, { retryAfter: OPERATOR_DELAY }), true);
}

/** Classifies the response of `host` to a post of `count` incidents. */
export function classifyResponse(
  { status, retryAfter, text }: Answer,
  count: number,
  host: string,
  now: number,
): PostOutcome {
  const reason = reasonIn(text);
  if (isForeign(status, text))
    return needsOperator(
      `${host} answered ${status}, and not as an ihandler does: check that "url" is the port of the source http of an ihandler`,
    );
  if (status === 200) {
    const { rejected } = parseBody(text);
    if (!Array.isArray(rejected) || rejected.length === 0) return { result: 'accepted' };
    // The dispatcher then writes them one by one: the invalid ones go to dead letters, the others are duplicates.
    return refused(permanent(`${host} rejected ${rejected.length} of ${count} incidents`));
  }
  if (status > 200 && status < 300) return { result: 'accepted' };
  if (status === 413)
    return count > 1 ? { result: 'too large' } : refused(permanent(`${host}: incident too large${reason}`));
  if (status === 409 && isBehind(text, count)) return { result: 'behind' };
  if (status === 400 || status === 409) return refused(permanent(`${host} rejected the incident${reason}`));
  if (status === 401)
    return needsOperator(
      `${host} does not know this token: set "token" to a token of its source http${reason}`,
    );
  if (status === 403)
    return needsOperator(
      `${host} does not accept these incidents with this token: correct "sensors" of its source http${reason}`,
    );
  if (status === 408 || status === 429 || status >= 500)
    return refused(
      temporary(`${host} answered ${status}${reason}`, { retryAfter: delayIn(retryAfter, now) }),
    );
  return needsOperator(
    `${host} answered ${status}: check that "url" is the port of the source http of an ihandler${reason}`,
  );
}

/** Classifies a failure without a response. */
export function classifyFailure(error: unknown, host: string): PostOutcome {
  const reason = describeError(error);
  if (errorCode(error) === NOT_PINNED)
    return needsOperator(`${host}: ${reason}. If that is the right certificate, set "pin" to it`);
  const advice = explainTls(error);
  // A connection that was reset during the handshake may succeed the next time.
  if (advice !== undefined && errorCode(error) !== 'ECONNRESET')
    return needsOperator(`${host}: ${reason}. ${advice} Or set "pin" to the SHA-256 of its certificate.`);
  return refused(temporary(`cannot reach ${host}: ${reason}`, { cause: error }));
}
