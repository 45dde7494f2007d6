import type { Incident } from '../contract/incident.ts';
import type { AppendOptions, Journal, JournalRun, SourceMark } from '../contract/journal.ts';
import type { Log } from '../contract/log.ts';
import type { OriginRegistry } from '../origins/create-origins.ts';
import type { Router } from '../routing/router.ts';
import type { RetryPolicy } from '../timing/backoff.ts';
import type { Notifier } from '../timing/notifier.ts';
import type { DispatcherOptions, SourceStatus } from './dispatcher-options.ts';
import type { Lane } from './lane/lane.ts';

/** The objects of one dispatcher, for sources and operators. */
export interface DispatcherParts {
  readonly sensor: string;
  readonly journal: Journal;
  readonly origins: OriginRegistry;
  readonly router: Router;
  readonly retry: Required<RetryPolicy>;
  readonly lanes: readonly Lane[];
  /** The last run of each source, by instance. */
  readonly sources: Map<string, SourceStatus>;
  readonly onReject: DispatcherOptions['onReject'];
  /** The instances whose handlers keep a checkpoint. */
  readonly checkpointed: ReadonlySet<string>;
  readonly otherStates: DispatcherOptions['otherStates'];
  /** Notified whenever a lane has made progress. */
  readonly moved: Notifier;
  /** Aborts when the dispatcher closes. */
  readonly closing: AbortSignal;
  /** Aborts with the error of a journal that has failed. */
  readonly failed: AbortSignal;
  now(): number;
  log(name?: string): Log;
  /** Throws unless incidents can be accepted. */
  mustBeOpen(): void;
  /** Appends to the journal, offers what is new to the lanes, and returns it. */
  accept(batch: readonly Incident[], mark?: SourceMark, options?: AppendOptions): Promise<JournalRun>;
}

/** The status of every lane. */
export function laneStatus({ lanes }: Pick<DispatcherParts, 'lanes'>): ReturnType<Lane['status']>[] {
  return lanes.map((lane) => lane.status());
}
