import type { Incident } from '@ihandler/core';
import type { ClusterResult, ClusterState, ConnectionKey, WaitingIncident } from './cluster-state.ts';

/** The incidents that wait for connections, while a batch is processed. */
export interface WaitingList {
  add(missing: ConnectionKey, child: ConnectionKey | null, incident: Incident, freed?: boolean): void;
  /** Removes those of the incidents that wait for a connection for which it `is` announced, and returns them in rising number. */
  take(missing: ConnectionKey, is: (waiting: WaitingIncident) => boolean): readonly WaitingIncident[];
  /** Marks the links to a freed child. */
  free(child: ConnectionKey): void;
  changes(): Pick<ClusterResult, 'waiting' | 'nextWaiting'>;
}

interface Entry extends WaitingIncident {
  readonly stored: boolean;
  freed: boolean;
  resolved: boolean;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** Creates a list that starts with the stored incidents. */
export function createWaitingList(state: Pick<ClusterState, 'waiting' | 'nextWaiting'>): WaitingList {
  const byMissing = new Map<ConnectionKey, Entry[]>();
  const byChild = new Map<ConnectionKey, Entry[]>();
  const added: Entry[] = [];
  const removed: number[] = [];
  const newlyFreed: Entry[] = [];
  let nextWaiting = state.nextWaiting;

  function index(entry: Entry): void {
    append(byMissing, entry.missing, entry);
    if (entry.child !== null) append(byChild, entry.child, entry);
  }
  for (const waiting of state.waiting) index({ ...waiting, stored: true, resolved: false });

  return {
    add(missing, child, incident, freed = false) {
      const entry = { number: nextWaiting, missing, child, freed, incident, stored: false, resolved: false };
      nextWaiting += 1;
      added.push(entry);
      index(entry);
    },
    take(missing, is) {
      const entries = byMissing.get(missing);
      if (entries === undefined) return [];
      const taken: Entry[] = [];
      const left: Entry[] = [];
      for (const entry of entries) (is(entry) ? taken : left).push(entry);
      if (left.length > 0) byMissing.set(missing, left);
      else byMissing.delete(missing);
      for (const entry of taken) {
        entry.resolved = true;
        if (entry.stored) removed.push(entry.number);
      }
      return taken;
    },
    free(child) {
      for (const entry of byChild.get(child) ?? []) {
        if (entry.resolved || entry.freed) continue;
        entry.freed = true;
        if (entry.stored) newlyFreed.push(entry);
      }
    },
    changes: () => ({
      waiting: {
        added: added
          .filter(({ resolved }) => !resolved)
          .map(({ number, missing, child, freed, incident }) => ({
            number,
            missing,
            child,
            freed,
            incident,
          })),
        removed,
        freed: newlyFreed.filter(({ resolved }) => !resolved).map(({ number }) => number),
      },
      nextWaiting,
    }),
  };
}
