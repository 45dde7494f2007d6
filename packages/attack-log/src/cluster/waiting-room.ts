import type { Incident } from '@ihandler/core';
import type { ClusterResult, ClusterState, ConnectionKey, Waiting } from './cluster-state.ts';

/** What waits for connections while a batch goes through. */
export interface WaitingRoom {
  add(missing: ConnectionKey, child: ConnectionKey | null, incident: Incident, freed?: boolean): void;
  /** Takes out what waits for a connection, in rising number. */
  take(missing: ConnectionKey): readonly Waiting[];
  /** Marks the links to a child that was freed. */
  free(child: ConnectionKey): void;
  changes(): Pick<ClusterResult, 'waiting' | 'nextWaiting'>;
}

interface Guest extends Waiting {
  readonly stored: boolean;
  freed: boolean;
  gone: boolean;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** A room in which what was stored waits already. */
export function createWaitingRoom(state: Pick<ClusterState, 'waiting' | 'nextWaiting'>): WaitingRoom {
  const byMissing = new Map<ConnectionKey, Guest[]>();
  const byChild = new Map<ConnectionKey, Guest[]>();
  const added: Guest[] = [];
  const removed: number[] = [];
  const newlyFreed: Guest[] = [];
  let nextWaiting = state.nextWaiting;

  function seat(guest: Guest): void {
    append(byMissing, guest.missing, guest);
    if (guest.child !== null) append(byChild, guest.child, guest);
  }
  for (const waiting of state.waiting) seat({ ...waiting, stored: true, gone: false });

  return {
    add(missing, child, incident, freed = false) {
      const guest = { number: nextWaiting, missing, child, freed, incident, stored: false, gone: false };
      nextWaiting += 1;
      added.push(guest);
      seat(guest);
    },
    take(missing) {
      const guests = byMissing.get(missing);
      if (guests === undefined) return [];
      byMissing.delete(missing);
      for (const guest of guests) {
        guest.gone = true;
        if (guest.stored) removed.push(guest.number);
      }
      return guests;
    },
    free(child) {
      for (const guest of byChild.get(child) ?? []) {
        if (guest.gone || guest.freed) continue;
        guest.freed = true;
        if (guest.stored) newlyFreed.push(guest);
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
