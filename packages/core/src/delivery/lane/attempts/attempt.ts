import type { Checkpoint } from '../../../contract/checkpoint.ts';
import type { Incident } from '../../../contract/incident.ts';
import type { StateChange } from '../handler-state.ts';
import type { Batch } from '../lane-queue.ts';

/** The result of one attempt at a batch. */
export interface Outcome {
  /** How many from the front are handled. */
  readonly done: number;
  /** What the handler reported because of those. */
  readonly reports: readonly Incident[];
  /** Why the next one failed, if it did. An outcome without failure may still leave some for the next attempt. */
  readonly failure?: { readonly error: unknown };
  /** Whether the failure came after everything was stored, so that only the reports are missing. */
  readonly owed?: boolean;
  /** Whether everything was stored before, and was delivered again only for its reports: it cannot become a dead letter. */
  readonly stored?: boolean;
  /** How many of those handled the checkpoint covered already. */
  readonly known?: number;
  /** The state that those handled have set, if they did. */
  readonly state?: StateChange | undefined;
  /** The checkpoint of what is handled, which the handler has stored. */
  readonly written?: Checkpoint;
}

/** Delivers to one handler. */
export interface Attempts {
  /** Tries a batch, or with `single` only its first incident. Never rejects. */
  attempt(batch: Batch, single: boolean): Promise<Outcome>;
  /**
   * The same for a replay. What is stored, under its own id or under a redelivery id, is not delivered again, not even for
   * its reports, except what such an attempt stored before it failed.
   */
  attemptReplay(batch: Batch, single: boolean): Promise<Outcome>;
  /** Asks the handler for its checkpoint; called after each start. */
  started(): Promise<Checkpoint | undefined>;
  /** The highest ordinal of a stream in the handler's checkpoint. */
  stored(stream: string): number | undefined;
}
