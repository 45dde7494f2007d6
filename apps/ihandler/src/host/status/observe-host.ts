import type { LaneStatus } from '@ihandler/core';
import type { PreparedHost } from '../assembly/host.ts';
import type { Supervision } from '../running/supervise-sources.ts';
import { type HostStatus, type InstanceStatus, type SourceState, STUCK_AFTER } from './host-status.ts';
import { watchJournal } from './journal-status.ts';
import { createLaneWatch } from './lane-watch.ts';

/** What watching needs of a host that runs. */
export interface Watched {
  readonly host: PreparedHost;
  readonly sources: Pick<Supervision, 'status'>;
  /** Where health and metrics are. */
  health(): string | undefined;
}

/** Looks at a host that runs. */
export interface HostWatch {
  status(): Promise<HostStatus>;
  close(): void;
}

/** A lane that works, or starts, and has not moved on for long. */
function isStuck({ state, failure }: LaneStatus, movedAt: number, at: number): boolean {
  return (
    (state === 'delivering' || state === 'starting') && failure === undefined && at - movedAt > STUCK_AFTER
  );
}

/** Begins to look. */
export function watchHost({ host, sources, health }: Watched): HostWatch {
  const { dispatcher, chosen, dataDir, sensor } = host;
  const { journal } = chosen;
  const startedAt = Date.now();
  const watch = createLaneWatch(() => dispatcher.status());
  const journalStatus = watchJournal(chosen);

  async function oldestWaiting({ position, pending: waiting }: LaneStatus): Promise<number | null> {
    if (waiting === 0) return null;
    try {
      // What came after it may be gone by retention: then the oldest that is left.
      const oldest = Math.max(position, journal.bounds().before) + 1;
      return (await journal.acceptedAt(oldest)) ?? null;
    } catch {
      // Not open yet, or being closed; anything else shows where it matters, in what the lanes say.
      return null;
    }
  }

  async function instanceStatus(lane: LaneStatus, at: number): Promise<InstanceStatus> {
    const { instance, handler, counts, pending: waiting, failure, counters } = lane;
    const movedAt = watch.movedAt(lane);
    const stuck = isStuck(lane, movedAt, at);
    return {
      instance,
      handler,
      state: stuck ? 'stuck' : lane.state,
      since: stuck ? movedAt : lane.since,
      counts,
      waiting,
      oldestWaiting: await oldestWaiting(lane),
      failure: failure ?? null,
      counters,
    };
  }

  function sourceStates(): readonly SourceState[] {
    return sources.status().map(({ reportedAt, newest, failure, ...status }) => ({
      ...status,
      reportedAt: reportedAt ?? null,
      newest: newest ?? null,
      failure: failure ?? null,
    }));
  }

  return {
    async status() {
      const at = Date.now();
      return {
        pid: process.pid,
        startedAt,
        at,
        sensor,
        data: dataDir,
        health: health() ?? null,
        journal: journalStatus(),
        ihandlers: await Promise.all(dispatcher.status().map((lane) => instanceStatus(lane, at))),
        sources: sourceStates(),
      };
    },
    close: watch.close,
  };
}
