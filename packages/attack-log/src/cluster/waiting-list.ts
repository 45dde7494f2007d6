import type { Incident } from '@ihandler/core';
import type { ClusterResult, ClusterState, ConnectionKey, WaitingIncident } from './cluster-state.ts';

/** What waits for connections while a batch goes through. */
export interface WaitingList {
  add(missing: ConnectionKey, child: ConnectionKey | null, incident: Incident, freed?: boolean): void;
  /** Takes out what waits for a connection, in rising number. */
  take(missing: ConnectionKey): readonly WaitingIncident[];
  /** Marks the links to a child that was freed. */
  free(child: ConnectionKey): void;
  changes(): Pick<ClusterResult, 'waiting' | 'nextWaiting'>;
}

interface Entry extends WaitingIncident {
  readonly stored: boolean;
  freed: boolean;
  gone: boolean;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** A waitingList in which what was stored waits already. */
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
  for (const waiting of state.waiting) index({ ...waiting, stored: true, gone: false });

  return {
    add(missing, child, incident, freed = false) {
      const entry = { number: nextWaiting, missing, child, freed, incident, stored: false, gone: false };
      nextWaiting += 1;
      added.push(entry);
      index(entry);
    },
    take(missing) {
      const entries = byMissing.get(missing);
      if (entries === undefined) return [];
      byMissing.delete(missing);
      for (const entry of entries) {
        entry.gone = true;
        if (entry.stored) removed.push(entry.number);
      }
      return entries;
    },
    free(child) {
      for (const entry of byChild.get(child) ?? []) {
        if (entry.gone || entry.freed) continue;
        entry.freed = true;
        if (entry.stored) newlyFreed.push(entry);
      }
    },
    changes: () => ({
      waiting: {
        added: added
          .filter(({ gone }) => !gone)
          .map(({ number, missing, child, freed, incident }) => ({
            number,
            missing,
            child,
            freed,
            incident,
          })),
        removed,
        freed: newlyFreed.filter(({ gone }) => !gone).map(({ number }) => number),
      },
      nextWaiting,
    }),
  };
}
