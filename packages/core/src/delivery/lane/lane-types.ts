import type { Incident } from '../../contract/incident.ts';
import type { DeadLetter, DeliveryCounts } from '../../contract/journal.ts';
import type { Reached } from '../../routing/router.ts';
import type { LaneStatus, ReplayOptions, RetryOutcome } from '../dispatcher-options.ts';

/** One handler's way through the journal. */
export interface Lane {
  readonly instance: string;
  /** Loads the cursor and starts the handler: resolves when that has succeeded or failed once; goes on trying in the background. Throws what only the user can put right. */
  start(): Promise<void>;
  /** Gives a live lane an incident, after everything before it. A lane that is behind reads it later. */
  offer(incident: Incident, position: number, reached: Reached): void;
  /** Gives a live lane a whole run, none of it its own. */
  offerRun(before: number, incidents: readonly Incident[], reached: Reached): void;
  /** Everything up to a position has been offered. */
  offered(position: number): void;
  /** Whether it takes offers; otherwise it reads the journal. */
  isLive(): boolean;
  /** From here on it reads the journal until it has caught up. */
  fallBehind(): void;
  /** There is something to read. */
  wake(): void;
  status(): LaneStatus;
  /** The position up to which everything is durably in its counts. */
  committed(): number;
  /** Whether everything accepted is in its counts, with what it reported. */
  isDone(): boolean;
  /** When it last moved on, on the clock of `performance.now()`. */
  movedAt(): number;
  /** The highest ordinal of a stream that the handler says it has stored. */
  stored(stream: string): number | undefined;
  reopen(): Promise<void>;
  /** Whether a delivery is running. */
  isBusy(): boolean;
  /** Tries dead letters again, its own or those of a replay, between deliveries; see `Dispatcher`. */
  retryDeadLetters(positions: readonly number[] | undefined, replay?: string): Promise<RetryOutcome>;
  /** Drops the dead letters it is told to; answers how many. */
  dropDeadLetters(isDropped: (letter: DeadLetter) => boolean, replay?: string): Promise<number>;
  /** Delivers again, between deliveries; see `Dispatcher`. */
  replay(options: ReplayOptions): Promise<DeliveryCounts>;
  /** Lets a started handler forget, between deliveries; undefined when there is nothing to ask. */
  forget(isForgotten: (host: string) => boolean): Promise<string> | undefined;
  /** The journal has forgotten something: from here on it delivers nothing that it read before. */
  forgotten(): Promise<void>;
  /** Makes what it knows durable, without waiting for new work. */
  settle(): Promise<void>;
  /** Appends what its handler reports outside deliveries, however many incidents wait. */
  report(incident: Incident): Promise<void>;
  /** No new deliveries; resolves when the running one has settled. */
  stop(): Promise<void>;
  /** Closes the handler if it was started. */
  close(): Promise<void>;
}
