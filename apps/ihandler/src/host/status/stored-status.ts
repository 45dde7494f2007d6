import { existsSync } from 'node:fs';
import type { JournalView } from '@ihandler/core';
import type { JournalPlan } from '../assembly/view-journal.ts';
import type { HostStatus, InstanceStatus } from './host-status.ts';
import { viewStatus } from './journal-status.ts';

/** What is known of a host that does not run, and why that may be little. */
export interface StoredStatus {
  readonly status: HostStatus;
  /** What a reader must know beside it, each for people. */
  readonly remarks: readonly string[];
}

/** The status of a host of which nothing is known but its data folder. */
function nothingOf(dataDir: string): HostStatus {
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

function instancesIn(view: JournalView): readonly InstanceStatus[] {
  const { before, last } = view.bounds();
  // A replay keeps a cursor of its own, so that it can go on: nobody waits for it.
  const cursors = Object.entries(view.cursors()).filter(([instance]) => !instance.includes('@'));
  return cursors.map(([instance, { position, counts, usedAt }]) => ({
    instance,
    handler: null,
    state: 'not running',
    since: usedAt,
    counts,
    waiting: last - position,
    oldestWaiting: last > position ? (view.acceptedAt(Math.max(position, before) + 1) ?? null) : null,
    failure: null,
    counters: {},
  }));
}

function seen({ chosen, dataDir }: JournalPlan, view: JournalView): StoredStatus {
  const writer = view.writer();
  return {
    status: { ...nothingOf(dataDir), journal: viewStatus(chosen, view), ihandlers: instancesIn(view) },
    remarks: [
      writer === undefined
        ? 'not running: this is what the journal has'
        : `not running, but process ${writer} has the journal open: a command that works on it, or one with another data folder`,
    ],
  };
}

/** What the journal tells about a host that does not run. */
export function storedStatus(plan: JournalPlan): StoredStatus {
  const { chosen, dataDir } = plan;
  const { name, module, file, options } = chosen;
  const without = (why: string) => ({ status: nothingOf(dataDir), remarks: [`not running, and ${why}`] });
  if (module === undefined) return without('its journal is in memory: nothing was kept');
  if (file !== undefined && !existsSync(file))
    return without(`there is no journal ${file}: it has never run`);
  if (module.view === undefined) return without(`the journal ${name} offers no view of what it has`);
  const view = module.view(options);
  try {
    return seen(plan, view);
  } finally {
    view.close();
  }
}
