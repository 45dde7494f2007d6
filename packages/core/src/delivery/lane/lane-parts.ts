import type { Handler, HandlerContext } from '../../contract/handler.ts';
import type { Journal } from '../../contract/journal.ts';
import type { RetryPolicy } from '../../timing/backoff.ts';
import type { HandlerCode } from '../code/handler-code.ts';
import type { Attempts } from './attempts/attempt.ts';
import type { StateHolder } from './handler-state.ts';
import type { LaneCursor } from './lane-cursor.ts';
import type { LaneInput } from './lane-input.ts';
import type { LaneTasks } from './lane-tasks.ts';

/**
 * What a lane is doing. It decides what the lane's loop does next, and `status` shows its name.
 * - `starting`: its handler has not started yet; with a failure it is retried.
 * - `reading`: it reads its backlog from the journal.
 * - `live`: it has delivered everything and waits to be offered more.
 * - `delivering`: its handler handles a batch, or a task runs.
 * - `waiting`: it retries after a temporary failure of the handler or of the journal.
 * - `paused`: its handler has ended the process too often; it delivers nothing until it is resumed.
 * - `stopped`: it delivers nothing any more.
 */
export type LaneState =
  | { readonly name: 'starting'; readonly failure?: string }
  | { readonly name: 'reading' | 'live' | 'delivering' }
  | { readonly name: 'paused'; readonly failure: string }
  | { readonly name: 'waiting'; readonly failure: string; readonly isBusy: boolean }
  | { readonly name: 'stopped'; readonly failure?: string; readonly isBusy: boolean };

/** The objects of one lane, for what runs in its turn. */
export interface LaneParts {
  readonly handler: Handler;
  /** Calls the handler's code. */
  readonly code: HandlerCode;
  readonly context: HandlerContext;
  readonly journal: Journal;
  readonly retry: Required<RetryPolicy>;
  /** The most incidents in a batch. */
  readonly batch: number;
  /** Whether a start that fails with `TARGET_UNREADABLE` is not retried. */
  readonly failFast: boolean;
  /** Removes secrets from a text that is stored or reported. */
  hide(text: string): string;
  readonly cursor: LaneCursor;
  readonly state: StateHolder;
  readonly input: LaneInput;
  readonly tasks: LaneTasks;
  readonly attempts: Attempts;
  enter(state: LaneState): void;
}
