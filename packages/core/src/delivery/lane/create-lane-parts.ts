import { type Handler, type HandlerContext, isWriting, type ReportOptions } from '../../contract/handler.ts';
import type { Journal } from '../../contract/journal.ts';
import type { HandlerEntry } from '../../routing/handler-entry.ts';
import type { Router } from '../../routing/router.ts';
import type { RetryPolicy } from '../../timing/backoff.ts';
import type { HandlerReports } from '../handler-reports.ts';
import type { Attempts } from './attempts/attempt.ts';
import { listeningAttempts } from './attempts/listening-attempts.ts';
import { maskedAttempts } from './attempts/masked-attempts.ts';
import { WritingAttempts } from './attempts/writing-attempts.ts';
import { LaneCursor } from './lane-cursor.ts';
import type { LaneEvents } from './lane-events.ts';
import { LaneInput } from './lane-input.ts';
import type { LaneParts, LaneState } from './lane-parts.ts';
import { createLaneTasks } from './lane-tasks.ts';

/** What a lane is made of. */
export interface LaneOptions {
  readonly entry: HandlerEntry;
  /** The lane's place among all. */
  readonly index: number;
  /** What the handler is lent; the lane adds its signal and its way to report. */
  readonly context: Omit<HandlerContext, 'signal' | 'report'>;
  readonly journal: Journal;
  readonly router: Router;
  readonly retry: Required<RetryPolicy>;
  /** The most incidents in a batch. */
  readonly batch: number;
  /** Whether a start that fails with `TARGET_UNREADABLE` is not retried. */
  readonly failFast: boolean;
  readonly events: LaneEvents;
  readonly reports: HandlerReports;
  /** The position up to which live lanes have been offered everything. */
  fedTo(): number;
  /** Throws when nothing can be accepted. */
  mustBeOpen(): void;
}

/** What a lane does for its parts. */
export interface LaneHooks {
  /** Aborts when the lane stops. */
  readonly signal: AbortSignal;
  /** A task is queued. */
  wake(): void;
  enter(state: LaneState): void;
  /** A commit begins. */
  onCommit(): void;
  /** The journal refuses a commit, or has accepted it after that. */
  onRefused(failure: string | undefined): void;
  /** Retention has deleted this many incidents that were not delivered. */
  onLost(count: number): void;
}

function attemptsOf(handler: Handler, context: HandlerContext, mask: HandlerEntry['mask']): Attempts {
  const attempts = isWriting(handler)
    ? new WritingAttempts(handler, context)
    : listeningAttempts(handler, context);
  return mask === undefined || mask === false ? attempts : maskedAttempts(attempts, mask);
}

/** Creates the parts of a lane. */
export function createLaneParts(options: LaneOptions, hooks: LaneHooks): LaneParts {
  const { entry, index, journal, router, retry, batch, failFast, events, reports, fedTo, mustBeOpen } =
    options;
  const { handler } = entry;
  const { instance } = options.context;
  const { signal, enter, wake, onCommit, onRefused, onLost } = hooks;
  const cursor = new LaneCursor(instance, { journal, retry, signal, events, onCommit, onRefused });
  const context: HandlerContext = Object.freeze({
    ...options.context,
    signal,
    async report(origin: string, data: unknown, reporting?: ReportOptions) {
      mustBeOpen();
      await cursor.append(reports.create(handler, instance, origin, data, reporting));
    },
  });
  return {
    handler,
    context,
    journal,
    retry,
    batch,
    failFast,
    cursor,
    input: new LaneInput({ index, instance, router, journal, cursor, batch, signal, fedTo, onLost }),
    tasks: createLaneTasks(instance, wake),
    attempts: attemptsOf(handler, context, entry.mask),
    enter,
  };
}
