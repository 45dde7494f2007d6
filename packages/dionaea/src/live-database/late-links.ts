import type { Incident } from '@ihandler/core';
import { type StoredRow, toInteger } from '../database/cells.ts';
import { connectionColumns, readConnectionRow } from '../database/connection-row.ts';
import { makeLink, type Reading } from '../database/reading.ts';

/** The stream of links that were found after their connection was reported. Its ordinals are times, which rise whichever row gets a parent. */
export const lateLinksTable = 'late-links';

/** A link to report. */
export interface LateLink {
  readonly child: number;
  readonly parent: number;
  readonly incident: Incident;
}

/**
 * Finds the connections after `from` up to `to` whose parent differs from the one in `reported` (child → parent). `ordinal`
 * is the first free one of the stream.
 */
export function findLateLinks(
  reading: Reading,
  { from, to }: { readonly from: number; readonly to: number },
  reported: ReadonlyMap<number, number>,
  ordinal: number,
): readonly LateLink[] {
  const { db, layout, timeNear } = reading;
  if (layout.column('connections', ['connection_parent']) === undefined) return [];
  const rows = db
    .prepare<[number, number], StoredRow>(
      `SELECT connection AS child, connection_parent AS parent FROM connections
       WHERE connection > ? AND connection <= ? AND connection_parent IS NOT NULL AND connection_parent <> connection`,
    )
    .all(from, to);
  const both = db.prepare<[number], StoredRow>(
    `SELECT ${connectionColumns(layout, 'c')}, ${connectionColumns(layout, 'p')}
     FROM connections c JOIN connections p ON p.connection = c.connection_parent WHERE c.connection = ?`,
  );
  const links: LateLink[] = [];
  for (const row of rows) {
    const [child, parent] = [toInteger(row['child']), toInteger(row['parent'])];
    if (child === undefined || parent === undefined || reported.get(child) === parent) continue;
    const stored = both.get(child);
    const childRow = stored && readConnectionRow(stored, 'c', reading);
    const parentRow = stored && readConnectionRow(stored, 'p', reading);
    // The row of the parent may be added later.
    if (childRow === undefined || parentRow === undefined) continue;
    const incident = makeLink(reading, lateLinksTable, ordinal + links.length, {
      child: childRow,
      parent: parentRow,
      timestamp: childRow.time ?? timeNear(child),
    });
    if (typeof incident !== 'string') links.push({ child, parent, incident });
  }
  return links;
}
