import { existsSync } from 'node:fs';
import type { JournalView } from '@ihandler/core';
import type { HostPlan } from '../assembly/host-plan.ts';
import type { LoadedJournal } from '../assembly/load-journal.ts';
import { handlerEnds } from '../walls/handler-ends.ts';
import type { HostStatus, InstanceStatus } from './host-status.ts';
import type { InstanceNames } from './instance-names.ts';
import { viewStatus } from './journal-status.ts';

/** The status of a host, running or not. */
export interface StatusReport {
  readonly status: HostStatus;
  /** What a reader should know about a host that is not running, each for people. */
  readonly remarks: readonly string[];
}

/** The status of a host of which only the data folder is known. */
function unknownStatus(dataDir: string): HostStatus {
  return {
    pid: null,
    startedAt: null,
    at: Date.now(),
    sensor: null,
    data: dataDir,
    health: null,
    journal: null,
    ihandlers: [],
    sources: [],
  };
}

/** The instances that a journal knows, with their backlog. */
export function instancesIn(
  view: Pick<JournalView, 'bounds' | 'cursors' | 'acceptedAt'>,
): readonly InstanceStatus[] {
  const { before, last } = view.bounds();
  // A replay has a cursor of its own, so that it can resume: it is not a backlog.
  const cursors = Object.entries(view.cursors()).filter(([instance]) => !instance.includes('@'));
  return cursors.map(([instance, { position, counts, usedAt }]) => ({
    instance,
    handler: null,
    state: 'not running',
    since: usedAt,
    counts,
    pending: last - position,
    oldestPending: last > position ? (view.acceptedAt(Math.max(position, before) + 1) ?? null) : null,
    failure: null,
    failingSince: null,
    counters: {},
    uncaught: null,
  }));
}

/** Marks the instances that are paused. */
function withPaused(instances: readonly InstanceStatus[], dataDir: string): readonly InstanceStatus[] {
  const ends = handlerEnds(dataDir);
  return instances.map((one) => {
    const paused = ends[one.instance]?.paused;
    return paused === undefined ? one : { ...one, state: 'paused', failure: paused.reason };
  });
}

function statusIn(
  loaded: LoadedJournal,
  dataDir: string,
  view: JournalView,
  configured: InstanceNames | undefined,
): StatusReport {
  const writer = view.writer();
  const all = instancesIn(view);
  // A removed one has no backlog.
  const removed = configured?.areComplete
    ? all.filter(({ instance }) => !configured.names.includes(instance))
    : [];
  const ihandlers = all.filter((one) => !removed.includes(one));
  return {
    status: {
      ...unknownStatus(dataDir),
      journal: viewStatus(loaded, view),
      ihandlers: withPaused(ihandlers, dataDir),
    },
    remarks: [
      writer === undefined
        ? 'not running: figures are from the journal'
        : `not running, but process ${writer} has the journal open: another command, or a host with another data folder`,
      ...(removed.length === 0
        ? []
        : [
            `not in the configuration any more, so without a backlog: ${removed.map(({ instance }) => instance).join(', ')}`,
          ]),
    ],
  };
}

/**
 * The status of a host that is not running, from its journal. Instances that are not `configured` any more are only a
 * remark; without it, all are in the result.
 */
export function storedStatus(
  loaded: LoadedJournal,
  { dataDir }: Pick<HostPlan, 'dataDir'>,
  configured?: InstanceNames,
): StatusReport {
  const { name, module, file, options } = loaded;
  const without = (why: string) => ({ status: unknownStatus(dataDir), remarks: [`not running, and ${why}`] });
  if (module === undefined) return without('its journal is in memory: nothing was stored');
  if (file !== undefined && !existsSync(file))
    return without(`the journal ${file} does not exist: it has never run`);
  if (module.view === undefined) return without(`the journal ${name} cannot be inspected`);
  const view = module.view(options);
  try {
    return statusIn(loaded, dataDir, view, configured);
  } finally {
    view.close();
  }
}
