import type { Cursor, DeliveryCounts } from '../../contract/journal.ts';

const noCounts: DeliveryCounts = Object.freeze({ delivered: 0, filtered: 0, dead: 0, dropped: 0, lost: 0 });

/** A cursor that begins after a position. */
export function newCursor(first: number): Cursor {
  return { first, position: first, counts: noCounts, written: {} };
}

function moved({ first, written }: Cursor, position: number, counts: DeliveryCounts): Cursor {
  return { first, position, counts, written };
}

/** Accounts for everything up to `position`: `delivered` and `dead` of it; the rest is filtered. */
export function account(cursor: Cursor, position: number, delivered: number, dead: number): Cursor {
  const { counts } = cursor;
  return moved(cursor, position, {
    delivered: counts.delivered + delivered,
    filtered: counts.filtered + position - cursor.position - delivered - dead,
    dead: counts.dead + dead,
    dropped: counts.dropped,
    lost: counts.lost,
  });
}

/** Accounts for everything up to `position` as deleted by retention. */
export function lose(cursor: Cursor, position: number): Cursor {
  const { counts } = cursor;
  return moved(cursor, position, { ...counts, lost: counts.lost + position - cursor.position });
}

/** Moves a number of dead letters to another count. */
export function resolve(cursor: Cursor, count: number, as: 'delivered' | 'filtered' | 'dropped'): Cursor {
  const { counts } = cursor;
  return { ...cursor, counts: { ...counts, dead: counts.dead - count, [as]: counts[as] + count } };
}
