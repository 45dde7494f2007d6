import type { DeliveryCounts, LaneStatus, LostIncidents, SourceStatus } from '@ihandler/core';
import { formatCount, formatDuration } from '@ihandler/core/kit';
import type { IsolationStatus } from '../isolation/supervised-thread.ts';

/** A handler that has not returned for this long, in milliseconds, is stuck. */
export const STUCK_AFTER = 60_000;
/** An incident that is pending, or a source that is disconnected, for longer than this needs attention. Milliseconds. */
export const LATE_AFTER = 15 * 60_000;
/** A source is unhealthy for this long after it has lost an incident, in milliseconds. */
export const LOST_FOR = 60 * 60_000;
/** A thread that has ended is reported for this long, in milliseconds. */
const ENDED_FOR = 60 * 60_000;
/** A handler that retries without progress for longer than this, in milliseconds, is unhealthy. */
export const FAILING_AFTER = 60_000;

/** The status of a handler's instance. Times are milliseconds since the Unix epoch; null when unknown. */
export interface InstanceStatus {
  readonly instance: string;
  readonly handler: string | null;
  /** `stuck`: the handler has not returned for a minute. */
  readonly state: LaneStatus['state'] | 'stuck' | 'not running';
  readonly since: number | null;
  readonly counts: DeliveryCounts;
  /** Incidents accepted and not handled yet. */
  readonly pending: number;
  /** When the oldest of them was accepted. */
  readonly oldestPending: number | null;
  readonly failure: string | null;
  /** Since when it has failed without progress; null when it has not. */
  readonly failingSince: number | null;
  readonly counters: Readonly<Record<string, number>>;
  /** Errors that its code has not caught; null when there were none. */
  readonly uncaught: LaneStatus['uncaught'] | null;
  /** The thread of an isolated handler; absent for any other handler, and when the host does not run. */
  readonly isolated?: IsolationStatus;
}

/** The status of a source. */
export interface SourceState
  extends Omit<SourceStatus, 'reportedAt' | 'newest' | 'clocks' | 'failure' | 'lost'> {
  readonly reportedAt: number | null;
  readonly newest: number | null;
  /** The sensors whose clock is wrong. */
  readonly clocks: NonNullable<SourceStatus['clocks']>;
  readonly failure: string | null;
  /** Incidents that the journal did not accept and whose sender cannot retry. */
  readonly lost: LostIncidents | null;
}

/** The status of the journal. */
export interface JournalStatus {
  readonly name: string;
  /** Its file or address. */
  readonly where: string | null;
  /** How many incidents it holds. */
  readonly entries: number;
  /** On disk, in bytes. */
  readonly bytes: number | null;
  /** The limit of retention, in bytes. */
  readonly limit: number | null;
  /** Free on its disk, in bytes. */
  readonly free: number | null;
}

/** The status of a host, as `ihandler status` shows it. */
export interface HostStatus {
  readonly pid: number | null;
  /** When the process started. */
  readonly startedAt: number | null;
  /** When this was true. */
  readonly at: number;
  readonly sensor: string | null;
  readonly data: string;
  /** Where health and metrics are. */
  readonly health: string | null;
  readonly journal: JournalStatus | null;
  readonly ihandlers: readonly InstanceStatus[];
  readonly sources: readonly SourceState[];
}

/** Something about a running host that needs attention. */
export interface StatusProblem {
  /**
   * `unhealthy`: incidents are late or not accepted. The others do not affect other handlers, and a restart does not help:
   * `stuck`: a handler has not returned, or the thread of an isolated one has ended; `paused`: it has ended the process too often; `uncaught`: errors escape from it.
   */
  readonly kind: 'unhealthy' | 'stuck' | 'paused' | 'uncaught';
  /** The instance or source. */
  readonly about: string;
  /** For people. */
  readonly problem: string;
  /** What to do about it. */
  readonly advice: string;
}

const RETRIED = 'correct the cause; it is retried by itself, and pending incidents stay in the journal';
const STOPPED = 'correct the cause, then restart ihandler; pending incidents stay in the journal';
const LATE = 'find out why the handler is slow: ihandler status shows its counts';
const STUCK = 'if it does not return, restart ihandler; report it to the author of the handler';
const LOST =
  'free disk space, or raise the limit of the journal: the sender cannot send these incidents again';
const WAITING = 'free disk space, or correct what the message names; the source continues by itself';
const FAILED =
  'correct the cause; the source restarts by itself within a minute. ihandler check -c FILE.yaml tests its settings';
const DISCONNECTED =
  'check that its server runs and can be reached from here, and the credentials; the source reconnects by itself';

/** `3 incidents pending, the oldest for 5 min`, or nothing. */
function backlog({ pending, oldestPending }: InstanceStatus, at: number): string {
  if (pending === 0) return '';
  const age =
    oldestPending === null ? '' : `, the oldest for ${formatDuration(Math.max(0, at - oldestPending))}`;
  return `${formatCount(pending, 'incident')} pending${age}`;
}

/** Why an instance does not work; undefined when it does, or has only failed for a moment. */
function failureProblem(status: InstanceStatus, at: number, startedAt: number | null): string | undefined {
  const { state, failure, failingSince, oldestPending } = status;
  if (failure === null) return undefined;
  if (state === 'stopped') return `stopped: ${failure}`;
  const failingFor = failingSince === null ? 0 : at - failingSince;
  if (state === 'starting') return `the handler does not start: ${failure}`;
  // A restart does not make it healthy for a minute: the age of its backlog says that it failed before, too.
  const hasJustStarted = startedAt !== null && at - startedAt < FAILING_AFTER;
  if (hasJustStarted && oldestPending !== null && at - oldestPending > FAILING_AFTER)
    return `retrying since the start: ${failure}`;
  return failingFor > FAILING_AFTER ? `retrying for ${formatDuration(failingFor)}: ${failure}` : undefined;
}

/** A handler that is left out because it has ended the process too often. */
function pausedProblem(status: InstanceStatus, at: number): StatusProblem {
  const { instance, failure } = status;
  const pending = backlog(status, at);
  return {
    kind: 'paused',
    about: instance,
    problem: `paused: it ${failure ?? 'ended the program too often'}${pending && `; ${pending}`}`,
    advice: `correct or update the handler, then: ihandler resume ${instance}`,
  };
}

/** Errors of the last hour that the code of a handler has not caught. */
function uncaughtProblems({ instance, uncaught }: InstanceStatus, at: number): readonly StatusProblem[] {
  if (uncaught == null || at - uncaught.at >= LOST_FOR) return [];
  const age = formatDuration(Math.max(0, at - uncaught.at));
  const problem = `${formatCount(uncaught.count, 'error')} not caught by the handler, the last ${age} ago: ${uncaught.last}`;
  const advice = 'correct the handler: await its promises, and catch errors in timers and streams';
  return [{ kind: 'uncaught', about: instance, problem, advice }];
}

/** `its thread ended 3 times, the last 20 s ago: …`; undefined when it did not within the last hour. */
function threadProblem({ isolated }: InstanceStatus, at: number): string | undefined {
  const last = isolated?.lastEnd;
  if (isolated === undefined || last == null || at - last.at > ENDED_FOR) return undefined;
  const times = formatCount(isolated.ends, 'time');
  return `its thread ended ${times}, the last ${formatDuration(Math.max(0, at - last.at))} ago: ${last.reason}`;
}

function instanceProblems(
  status: InstanceStatus,
  at: number,
  startedAt: number | null,
): readonly StatusProblem[] {
  if (status.state === 'paused') return [pausedProblem(status, at)];
  const thread = threadProblem(status, at);
  const advice = 'the log has the stack; "isolate: { memory, timeout }" in its entry raises its limits';
  const ended =
    thread === undefined ? [] : [{ kind: 'stuck' as const, about: status.instance, problem: thread, advice }];
  return [...laneProblems(status, at, startedAt), ...ended, ...uncaughtProblems(status, at)];
}

function laneProblems(
  status: InstanceStatus,
  at: number,
  startedAt: number | null,
): readonly StatusProblem[] {
  const { instance, state, oldestPending, failure, since } = status;
  const failing = failureProblem(status, at, startedAt);
  const pending = backlog(status, at);
  if (failing !== undefined)
    return [
      {
        kind: 'unhealthy',
        about: instance,
        problem: pending === '' ? failing : `${failing}; ${pending}`,
        advice: state === 'stopped' ? STOPPED : RETRIED,
      },
    ];
  const reason = failure === null ? '' : ` (${failure})`;
  const isLate = oldestPending !== null && at - oldestPending > LATE_AFTER;
  return [
    ...(isLate
      ? [{ kind: 'unhealthy' as const, about: instance, problem: `${pending}${reason}`, advice: LATE }]
      : []),
    ...(state === 'stuck'
      ? [
          {
            kind: 'stuck' as const,
            about: instance,
            problem: `the handler stopped responding${since === null ? '' : ` ${formatDuration(at - since)} ago`}`,
            advice: STUCK,
          },
        ]
      : []),
  ];
}

/** `3 incidents lost, the last 20 s ago: the journal is full`. */
export function describeLost({ count, at: last, reason }: LostIncidents, at: number): string {
  return `${formatCount(count, 'incident')} lost, the last ${formatDuration(Math.max(0, at - last))} ago: ${reason}`;
}

function sourceProblem(
  { state, since, failure, lost }: SourceState,
  at: number,
): Pick<StatusProblem, 'problem' | 'advice'> | undefined {
  const reason = failure ?? 'no reason given';
  if (lost !== null && at - lost.at < LOST_FOR) return { problem: describeLost(lost, at), advice: LOST };
  if (state === 'waiting')
    return { problem: `the journal does not accept incidents: ${reason}`, advice: WAITING };
  if (state === 'failed') return { problem: `failed: ${reason}`, advice: FAILED };
  if (state === 'disconnected' && at - since > LATE_AFTER)
    return { problem: `disconnected for ${formatDuration(at - since)}: ${reason}`, advice: DISCONNECTED };
  return undefined;
}

/**
 * What needs attention in a status: handlers that do not start, have stopped, or retry without progress for more than a
 * minute; late backlogs, stuck handlers; threads of isolated handlers that
 * have ended within the last hour; sources that have failed, have lost incidents within the last hour, that the journal does not accept from, or that are
 * disconnected for more than 15 minutes. The exit code of `status`, `/health` and `doctor` all
 * follow from it; `/health` leaves out stuck handlers, since a restart would not help the others.
 */
export function problemsOf({ ihandlers, sources, at, startedAt }: HostStatus): readonly StatusProblem[] {
  return [
    ...ihandlers.flatMap((one) => instanceProblems(one, at, startedAt)),
    ...sources.flatMap((source) => {
      const found = sourceProblem(source, at);
      return found === undefined ? [] : [{ kind: 'unhealthy' as const, about: source.instance, ...found }];
    }),
  ];
}
