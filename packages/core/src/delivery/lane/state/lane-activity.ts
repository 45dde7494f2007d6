import type { LaneState } from '../lane-parts.ts';

/** What a lane does, since when, and since when it fails. */
export class LaneActivity {
  readonly #now: () => number;
  #state: LaneState = { name: 'starting' };
  #since: number;
  /** When it began to fail, and the position at which it did; undefined once it has made progress. */
  #failing: { readonly since: number; readonly position: number; readonly failure: string } | undefined;

  /** `now` returns milliseconds since the Unix epoch. */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  get state(): LaneState {
    return this.#state;
  }

  /** When the state began. */
  get since(): number {
    return this.#since;
  }

  /** Enters a state, at the position that the cursor has. */
  enter(state: LaneState, position: number): void {
    if (state.name !== this.#state.name) this.#since = this.#now();
    this.#noteFailure(state, position);
    this.#state = state;
  }

  /** Its failure, and since when it has failed without progress: an attempt is not progress, a start or a higher position is. */
  failure(position: number): { readonly failure?: string; readonly failingSince?: number } {
    const failing = this.#failing?.position === position ? this.#failing : undefined;
    const failure = 'failure' in this.#state ? this.#state.failure : failing?.failure;
    return {
      ...(failure !== undefined && { failure }),
      ...(failing && this.#state.name !== 'paused' && { failingSince: failing.since }),
    };
  }

  #noteFailure(state: LaneState, position: number): void {
    const hasStarted = this.#state.name === 'starting' && state.name === 'reading';
    if (state.name === 'live' || hasStarted || this.#failing?.position !== position)
      this.#failing = undefined;
    const failure = 'failure' in state ? state.failure : undefined;
    if (failure === undefined) return;
    this.#failing = { since: this.#failing?.since ?? this.#now(), position, failure };
  }
}
