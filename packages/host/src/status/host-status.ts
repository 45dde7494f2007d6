import type { DeliveryCounts, LaneStatus, SourceStatus } from '@ihandler/core';
import { formatCount, formatDuration } from '@ihandler/core/kit';

/** A handler that has not returned for this long, in milliseconds, is stuck. */
export const STUCK_AFTER = 60_000;
/** An incident that is pending, or a source that is disconnected, for longer than this needs attention. Milliseconds. */
export const LATE_AFTER = 15 * 60_000;

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
  readonly counters: Readonly<Record<string, number>>;
}

/** The status of a source. */
export interface SourceState extends Omit<SourceStatus, 'reportedAt' | 'newest' | 'failure'> {
  readonly reportedAt: number | null;
  readonly newest: number | null;
  readonly failure: string | null;
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
  /** `unhealthy`: incidents are late or not accepted. `stuck`: a handler has not returned, others are not affected. */
  readonly kind: 'unhealthy' | 'stuck';
  /** The instance or source. */
  readonly about: string;
  /** For people. */
  readonly problem: string;
}

function instanceProblems(
  { instance, state, oldestPending, pending, failure, since }: InstanceStatus,
  at: number,
): readonly StatusProblem[] {
  const late = oldestPending === null ? 0 : at - oldestPending;
  const reason = failure === null ? '' : ` (${failure})`;
  return [
    ...(late > LATE_AFTER
      ? [
          {
            kind: 'unhealthy' as const,
            about: instance,
            problem: `${formatCount(pending, 'incident')} pending, the oldest for ${formatDuration(late)}${reason}`,
          },
        ]
      : []),
    ...(state === 'stuck'
      ? [
          {
            kind: 'stuck' as const,
            about: instance,
            problem: `the handler stopped responding${since === null ? '' : ` ${formatDuration(at - since)} ago`}`,
          },
        ]
      : []),
  ];
}

function sourceProblem({ state, since, failure }: SourceState, at: number): string | undefined {
  const reason = failure ?? 'no reason given';
  if (state === 'waiting') return `the journal does not accept incidents: ${reason}`;
  if (state === 'failed') return `failed: ${reason}`;
  if (state === 'disconnected' && at - since > LATE_AFTER)
    return `disconnected for ${formatDuration(at - since)}: ${reason}`;
  return undefined;
}

/**
 * What needs attention in a status: late backlogs, stuck handlers, sources that have failed, that the journal does not
 * accept from, or that are disconnected for more than 15 minutes. The exit code of `status`, `/health` and `doctor` all
 * follow from it; `/health` leaves out stuck handlers, since a restart would not help the others.
 */
export function problemsOf({ ihandlers, sources, at }: HostStatus): readonly StatusProblem[] {
  return [
    ...ihandlers.flatMap((one) => instanceProblems(one, at)),
    ...sources.flatMap((source) => {
      const problem = sourceProblem(source, at);
      return problem === undefined ? [] : [{ kind: 'unhealthy' as const, about: source.instance, problem }];
    }),
  ];
}
