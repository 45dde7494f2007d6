import { toInteger } from './cells.ts';
import { type ConnectionRow, connectionColumns, readConnectionRow } from './connection-row.ts';
import type { Entry, Page } from './cursor.ts';
import { makeIncident, type Reading, takeRows } from './reading.ts';

/** The stream of links; a link's row is that of its child. */
export const linksTable = 'links';

/** How far two streams have been taken: the links come out of the rows of the connections. */
export interface ConnectionsTaken {
  readonly connections: number;
  readonly links: number;
}

/**
 * Makes a function that reads a stretch of `connections`: each row that was not taken, and after it the link to its
 * parent. A row that is its own parent, which dionaea writes when a link names an unknown child, has no link.
 */
export function createConnectionsReader(
  reading: Reading,
  taken: ConnectionsTaken,
): (after: number, last: number) => Page {
  const { db, layout, timeNear } = reading;
  const hasParent = layout.column('connections', ['connection_parent']) !== undefined;
  const statement = db.prepare(
    `SELECT ${connectionColumns(layout, 'c')}${hasParent ? `, ${connectionColumns(layout, 'p')}` : ''}
     FROM connections c ${hasParent ? 'LEFT JOIN connections p ON p.connection = c.connection_parent' : ''}
     WHERE c.connection > ? AND c.connection <= ? ORDER BY c.connection`,
  );

  function announce({ row, connection, origin }: ConnectionRow, timestamp: number): Entry['outcome'] {
    // A pending connection has been let through, which is what the packet filter starts with.
    const data = origin === 'dionaea.connection.tcp.pending' ? { connection, nfaction: 1 } : { connection };
    return makeIncident(reading, 'connections', row, { origin, timestamp, data });
  }
  function link(
    child: ConnectionRow,
    parent: ConnectionRow | undefined,
    timestamp: number,
  ): Entry['outcome'] {
    if (parent === undefined)
      return `expected connection_parent to name a row, found none with ${child.parent}`;
    const data = { parent: parent.connection, child: child.connection };
    return makeIncident(reading, linksTable, child.row, {
      origin: 'dionaea.connection.link',
      timestamp,
      data,
    });
  }

  return (after, last) => {
    const entries: Entry[] = [];
    const rows = takeRows(statement, after, last, reading.pageRows);
    for (const stored of rows) {
      const found = readConnectionRow(stored, 'c');
      if (found === undefined) continue;
      const { row } = found;
      const time = found.time ?? timeNear(row);
      if (row > taken.connections)
        entries.push({ table: 'connections', row, owner: row, size: 500, outcome: announce(found, time) });
      const isLinked = found.parent !== undefined && found.parent !== row && row > taken.links;
      if (isLinked) {
        const outcome = link(found, readConnectionRow(stored, 'p'), time);
        entries.push({ table: linksTable, row, owner: row, size: 500, outcome });
      }
    }
    return { entries, last: toInteger(rows.at(-1)?.['c.connection']) };
  };
}
