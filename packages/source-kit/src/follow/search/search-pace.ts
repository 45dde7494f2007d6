import { MINUTE, SECOND } from '@ihandler/core/kit';
import type { Survey } from './survey.ts';

/** How long to search for the rest of a part while some files cannot be read, in milliseconds. */
const unreadablePatience = MINUTE;
/** How many checks to search for the rest of a part when all files can be read: a rotation may be renaming them. */
const searchChecks = 8;
/** How often to look again in a folder that has not changed, when something is missing there for long, in milliseconds. */
const searchInterval = 5 * SECOND;

/** Decides when to survey the folder again, and when to stop searching. Times are those of `performance.now()`. */
export class SearchPace {
  readonly #poll: number;
  /** When the search for the rest of a part began; undefined when nothing is missing. */
  #searchingSince: number | undefined;
  /** Since when it cannot be decided whether a file holds new lines. */
  #undecidedSince: number | undefined;
  /** When it could not be decided the last time. */
  #undecidedAt = 0;
  /** The signature of the folder after a survey without a result: the next survey waits until it has changed. */
  #idleSignature: string | undefined;
  #surveyedAt = 0;
  /** Whether some files could not be read in the last survey. */
  #hasProblem = false;

  /** `poll` is the time between two checks, in milliseconds. */
  constructor(poll: number) {
    this.#poll = poll;
  }

  /** Whether the rest of a part is missing. */
  get isSearching(): boolean {
    return this.#searchingSince !== undefined;
  }

  /** A part was found: everything starts again. */
  found(): void {
    this.#searchingSince = undefined;
    this.#undecidedSince = undefined;
    this.#idleSignature = undefined;
  }

  /** The part of the state was found again: it may be the same that was left for a file that cannot be decided about. */
  foundAgain(): void {
    this.#searchingSince = undefined;
    this.#idleSignature = undefined;
  }

  /** The rest of a part is not searched for any longer. */
  stopSearching(): void {
    this.#searchingSince = undefined;
  }

  /** Whether to survey a folder with this signature: not when it has not changed since a survey that found nothing to do. */
  isSurveyDue(signature: string): boolean {
    if (signature !== this.#idleSignature) return true;
    const since = this.#searchingSince ?? this.#undecidedSince;
    const now = performance.now();
    // Often while something is missing, then seldom.
    if (since !== undefined && now - since < unreadablePatience) return true;
    return (since !== undefined || this.#hasProblem) && now - this.#surveyedAt >= searchInterval;
  }

  /** A survey begins. */
  surveying({ problem }: Pick<Survey, 'problem'>): void {
    this.#surveyedAt = performance.now();
    this.#hasProblem = problem !== undefined;
  }

  /** A survey has ended; `signature` is that of the folder when there was nothing to do. */
  surveyed(signature: string | undefined): void {
    this.#idleSignature = signature;
  }

  /** Whether to stop searching for the rest of a part. */
  isSearchOver({ followed, problem }: Pick<Survey, 'followed' | 'problem'>): boolean {
    this.#searchingSince ??= performance.now();
    const limit = problem === undefined ? searchChecks * this.#poll : unreadablePatience;
    return followed !== undefined && performance.now() - this.#searchingSince >= limit;
  }

  /** Whether to stop waiting for a file whose times say that its lines were read: it may be being rewritten. */
  isUndecidedOver(): boolean {
    const now = performance.now();
    const limit = searchChecks * this.#poll;
    // After a pause it is another file, or another rotation.
    if (now - this.#undecidedAt > limit + SECOND) this.#undecidedSince = undefined;
    this.#undecidedAt = now;
    this.#undecidedSince ??= now;
    return now - this.#undecidedSince >= limit;
  }
}
