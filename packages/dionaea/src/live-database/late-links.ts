import type { Incident } from '@ihandler/core';
import { type StoredRow, toInteger } from '../database/cells.ts';
import { connectionColumns, readConnectionRow } from '../database/connection-row.ts';
import { makeIncident, type Reading } from '../database/reading.ts';

/** The stream of links that came after their connection was told of. Its ordinals are times, so that they rise whatever row gets a parent. */
const lateLinksTable = 'late-links';

/** A link that is to be told. */
export interface LateLink {
  readonly child: number;
  readonly parent: number;
  readonly incident: Incident;
}

/**
 * Finds the connections after `from` up to `to` whose parent is another one than was told of; `ordinal` is the first that
 * is free in the stream.
 */
export function findLateLinks(
  reading: Reading,
  { from, to }: { readonly from: number; readonly to: number },
  told: ReadonlyMap<number, number>,
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
    if (child === undefined || parent === undefined || told.get(child) === parent) continue;
    const stored = both.get(child);
    const found = stored && readConnectionRow(stored, 'c');
    const above = stored && readConnectionRow(stored, 'p');
    // A parent that has no row yet may get one.
    if (found === undefined || above === undefined) continue;
    const incident = makeIncident(reading, lateLinksTable, ordinal + links.length, {
      origin: 'dionaea.connection.link',
      timestamp: found.time ?? timeNear(child),
      data: { parent: above.connection, child: found.connection },
    });
    if (typeof incident !== 'string') links.push({ child, parent, incident });
  }
  return links;
}
