import type { DeliveryCounts, LaneStatus, SourceStatus } from '@ihandler/core';

/** Without an answer for so long, in milliseconds, a handler is called stuck. */
export const STUCK_AFTER = 60_000;
/** What waits for longer than this, in milliseconds, is somebody's business. */
export const WAITS_LONG = 15 * 60_000;

/** What is known of an instance. Times are milliseconds since the Unix epoch; null where nobody knows. */
export interface InstanceStatus {
  readonly instance: string;
  readonly handler: string | null;
  /** `stuck`: it has been given something and does not answer. */
  readonly state: LaneStatus['state'] | 'stuck' | 'not running';
  readonly since: number | null;
  readonly counts: DeliveryCounts;
  readonly waiting: number;
  /** When the oldest of what waits was accepted. */
  readonly oldestWaiting: number | null;
  readonly failure: string | null;
  readonly counters: Readonly<Record<string, number>>;
}

/** What is known of a source. */
export interface SourceState extends Omit<SourceStatus, 'reportedAt' | 'newest' | 'failure'> {
  readonly reportedAt: number | null;
  readonly newest: number | null;
  readonly failure: string | null;
}

/** What is known of the journal. */
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

/** What `status` shows, and a running process answers. */
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

function minutes(milliseconds: number): string {
  return `${Math.floor(milliseconds / 60_000)} minutes`;
}

/** Why a running host is not healthy, each for people; none when it is. */
export function healthProblems({ ihandlers, sources, at }: HostStatus): readonly string[] {
  return [
    ...ihandlers.flatMap(({ instance, oldestWaiting }) =>
      oldestWaiting !== null && at - oldestWaiting > WAITS_LONG
        ? [`${instance}: something has waited for ${minutes(at - oldestWaiting)}`]
        : [],
    ),
    ...sources.flatMap(({ instance, state, since, failure }) => {
      if (state === 'waiting')
        return [`${instance}: the journal takes nothing: ${failure ?? 'it does not say why'}`];
      if (state === 'failed') return [`${instance}: ${failure ?? 'it has failed'}`];
      return state === 'disconnected' && at - since > WAITS_LONG
        ? [`${instance}: away for ${minutes(at - since)}: ${failure ?? 'it does not say why'}`]
        : [];
    }),
  ];
}

/** Why somebody should look at it: what makes it unhealthy, and handlers that do not answer. */
export function troubles(status: HostStatus): readonly string[] {
  const stuck = status.ihandlers.filter(({ state }) => state === 'stuck');
  return [...healthProblems(status), ...stuck.map(({ instance }) => `${instance}: it does not answer`)];
}
