import type { Database } from 'better-sqlite3';

/** Finds entries by the time of their acceptance, in milliseconds since the Unix epoch. */
export interface Acceptance {
  acceptedAt(position: number): number | undefined;
  /** The position before the first entry that was accepted at or after a time; undefined when none was. */
  positionBefore(time: number): number | undefined;
}

interface AcceptedEntry {
  readonly position: number;
  readonly accepted_at: number;
}

/**
 * Creates the search, which needs no index: time rises with positions except where the clock was set back, and a table lists
 * those positions.
 */
export function createAcceptance(db: Database): Acceptance {
  const at = db.prepare<[number], number>('SELECT accepted_at FROM entries WHERE position = ?').pluck();
  const from = db.prepare<[number], AcceptedEntry>(
    'SELECT position, accepted_at FROM entries WHERE position >= ? ORDER BY position LIMIT 1',
  );
  const upTo = db.prepare<[number], AcceptedEntry>(
    'SELECT position, accepted_at FROM entries WHERE position <= ? ORDER BY position DESC LIMIT 1',
  );
  const setBack = db
    .prepare<[number], number>(
      'SELECT position FROM clock_set_back WHERE position > ? ORDER BY position LIMIT 1',
    )
    .pluck();

  /** The first entry from `first` to `end` that is not before `time`. Time rises between them, and `end` is not before it. */
  function search(first: AcceptedEntry, end: AcceptedEntry, time: number): AcceptedEntry {
    let [low, high] = [first, end];
    if (low.accepted_at >= time) return low;
    while (low.position + 1 < high.position) {
      const middle = from.get(low.position + ((high.position - low.position) >> 1)) ?? high;
      // Positions may be missing in between: then search from the other side.
      if (middle.position >= high.position) {
        const left = upTo.get(low.position + ((high.position - low.position) >> 1)) ?? low;
        if (left.position <= low.position) return high;
        if (left.accepted_at >= time) high = left;
        else low = left;
      } else if (middle.accepted_at >= time) high = middle;
      else low = middle;
    }
    return high;
  }

  return {
    acceptedAt: (position) => at.get(position),
    positionBefore(time) {
      for (let first = from.get(0); first !== undefined; ) {
        const next = setBack.get(first.position);
        const last = upTo.get((next ?? Number.MAX_SAFE_INTEGER) - 1);
        if (last !== undefined && last.accepted_at >= time) return search(first, last, time).position - 1;
        first = next === undefined ? undefined : from.get(next);
      }
      return undefined;
    },
  };
}
