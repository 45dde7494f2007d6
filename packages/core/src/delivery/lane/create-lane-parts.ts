import { type Handler, type HandlerContext, isWriting, type ReportOptions } from '../../contract/handler.ts';
import type { Journal } from '../../contract/journal.ts';
import type { OriginRegistry } from '../../origins/create-origins.ts';
import type { HandlerEntry } from '../../routing/handler-entry.ts';
import type { Router } from '../../routing/router.ts';
import type { RetryPolicy } from '../../timing/backoff.ts';
import { asHost } from '../code/code-owner.ts';
import { type CallRecorder, HandlerCode } from '../code/handler-code.ts';
import type { HandlerReports } from '../handler-reports.ts';
import type { Attempts } from './attempts/attempt.ts';
import { listeningAttempts } from './attempts/listening-attempts.ts';
import { maskedAttempts } from './attempts/masked-attempts.ts';
import { WritingAttempts } from './attempts/writing-attempts.ts';
import { StateHolder, setOutside, stateName } from './handler-state.ts';
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
  readonly context: Omit<HandlerContext, 'signal' | 'report' | 'state'> & {
    readonly origins: OriginRegistry;
  };
  readonly journal: Journal;
  readonly router: Router;
  readonly retry: Required<RetryPolicy>;
  /** The most incidents in a batch. */
  readonly batch: number;
  /** Whether a start that fails with `TARGET_UNREADABLE` is not retried. */
  readonly failFast: boolean;
  readonly hide: LaneParts['hide'];
  readonly events: LaneEvents;
  readonly reports: HandlerReports;
  readonly recorder: CallRecorder | undefined;
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
  /** The handler's code has left an error uncaught. */
  onUncaught(error: unknown): void;
}

function attemptsOf(
  handler: Handler,
  context: HandlerContext,
  code: HandlerCode,
  mask: HandlerEntry['mask'],
  origins: OriginRegistry,
  state: StateHolder,
): Attempts {
  const attempts = isWriting(handler)
    ? new WritingAttempts(handler, context, code, state)
    : listeningAttempts(handler, context, code, state);
  return mask === undefined || mask === false ? attempts : maskedAttempts(attempts, mask, origins);
}

/** Creates the parts of a lane. */
export function createLaneParts(options: LaneOptions, hooks: LaneHooks): LaneParts {
  const {
    entry,
    index,
    journal,
    router,
    retry,
    batch,
    failFast,
    hide,
    events,
    reports,
    recorder,
    fedTo,
    mustBeOpen,
  } = options;
  const { handler } = entry;
  const { instance } = options.context;
  const { signal, enter, wake, onCommit, onRefused, onLost, onUncaught } = hooks;
  const code = new HandlerCode(instance, recorder, onUncaught);
  const cursor = new LaneCursor(instance, {
    journal,
    stateName: stateName(instance),
    retry,
    signal,
    events,
    onCommit,
    onRefused,
  });
  const state = new StateHolder(instance);
  const context: HandlerContext = Object.freeze({
    ...options.context,
    signal,
    state: state.lend(() => {
      throw setOutside(instance);
    }),
    report: asHost(async (origin: string, data: unknown, reporting?: ReportOptions) => {
      mustBeOpen();
      await cursor.append(reports.create(handler, instance, origin, data, reporting));
    }),
  });
  return {
    handler,
    code,
    context,
    journal,
    retry,
    batch,
    failFast,
    hide,
    cursor,
    state,
    input: new LaneInput({ index, instance, router, journal, cursor, batch, signal, fedTo, onLost }),
    tasks: createLaneTasks(instance, wake),
    attempts: attemptsOf(handler, context, code, entry.mask, options.context.origins, state),
    enter,
  };
}
