import type { LaneStatus } from '@ihandler/core';
import { instanceName, type PreparedHost } from '../assembly/prepare-host.ts';
import { isolationOf } from '../isolation/isolated-handler.ts';
import type { Supervision } from '../running/supervise-sources.ts';
import { type HostStatus, type InstanceStatus, type SourceState, STUCK_AFTER } from './host-status.ts';
import { watchJournal } from './journal-status.ts';
import { createLaneWatch } from './lane-watch.ts';

/** What to watch of a running host. */
export interface Watched {
  readonly host: PreparedHost;
  readonly sources: Pick<Supervision, 'status'>;
  /** Where health and metrics are. */
  health(): string | undefined;
}

/** Watches a running host. */
export interface HostWatch {
  status(): Promise<HostStatus>;
  close(): void;
}

/** A lane that delivers, or starts, without progress for too long. */
function isStuck({ state, failure }: LaneStatus, movedAt: number, at: number): boolean {
  return (
    (state === 'delivering' || state === 'starting') && failure === undefined && at - movedAt > STUCK_AFTER
  );
}

/** Starts to watch a host; close the watch afterwards. */
export function watchHost({ host, sources, health }: Watched): HostWatch {
  const { dispatcher, loaded, plan, sensor } = host;
  const { journal } = loaded;
  const startedAt = Date.now();
  const watch = createLaneWatch(() => dispatcher.status());
  const journalStatus = watchJournal(loaded);
  const isolation = new Map(
    host.handlers.map((entry) => [instanceName(entry), () => isolationOf(entry.handler)]),
  );

  async function oldestPending({ position, pending }: LaneStatus): Promise<number | null> {
    if (pending === 0) return null;
    try {
      // Retention may have deleted the next ones: then the oldest one left counts.
      const oldest = Math.max(position, journal.bounds().before) + 1;
      return (await journal.acceptedAt(oldest)) ?? null;
    } catch {
      // Not open yet, or closing. Any other failure also shows in the status of the lanes.
      return null;
    }
  }

  async function instanceStatus(lane: LaneStatus, at: number): Promise<InstanceStatus> {
    const { instance, handler, counts, pending, failure, failingSince, counters, uncaught } = lane;
    const movedAt = watch.movedAt(lane);
    const stuck = isStuck(lane, movedAt, at);
    const isolated = isolation.get(instance)?.();
    return {
      instance,
      handler,
      state: stuck ? 'stuck' : lane.state,
      since: stuck ? movedAt : lane.since,
      counts,
      pending,
      oldestPending: await oldestPending(lane),
      failure: failure ?? null,
      failingSince: failingSince ?? null,
      counters,
      uncaught: uncaught ?? null,
      ...(isolated && { isolated }),
    };
  }

  function sourceStates(): readonly SourceState[] {
    return sources.status().map(({ reportedAt, newest, clocks, failure, lost, ...status }) => ({
      ...status,
      reportedAt: reportedAt ?? null,
      newest: newest ?? null,
      clocks: clocks ?? [],
      failure: failure ?? null,
      lost: lost ?? null,
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
        data: plan.dataDir,
        health: health() ?? null,
        journal: journalStatus(),
        ihandlers: await Promise.all(dispatcher.status().map((lane) => instanceStatus(lane, at))),
        sources: sourceStates(),
      };
    },
    close: watch.close,
  };
}
