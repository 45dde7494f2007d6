import { toInteger } from './cells.ts';
import { type ConnectionRow, connectionColumns, readConnectionRow } from './connection-row.ts';
import { type Entry, gone, type Page } from './cursor.ts';
import { isCopied, linksTable, makeIncident, makeLink, type Reading, readPage } from './reading.ts';

/** The last rows of two streams that have been read: links come from the rows of connections. */
export interface ConnectionsRead {
  readonly connections: number;
  readonly links: number;
}

/**
 * Makes a function that reads a page of `connections`: each row that was not read before, followed by the link to its
 * parent. A row that is its own parent, which dionaea writes when a link names an unknown child, has no link.
 */
export function createConnectionsReader(
  reading: Reading,
  done: ConnectionsRead,
): (after: number, last: number) => Page {
  const { db, layout, timeNear } = reading;
  const hasParent = layout.column('connections', ['connection_parent']) !== undefined;
  const statement = db.prepare(
    `SELECT ${connectionColumns(layout, 'c')}${hasParent ? `, ${connectionColumns(layout, 'p')}` : ''}
     FROM connections c ${hasParent ? 'LEFT JOIN connections p ON p.connection = c.connection_parent' : ''}
     WHERE c.connection > ? AND c.connection <= ? ORDER BY c.connection`,
  );

  function announce({ row, connection, origin }: ConnectionRow, timestamp: number): Entry['outcome'] {
    // dionaea reports a pending connection with the initial action of the packet filter: accept.
    const data = origin === 'dionaea.connection.tcp.pending' ? { connection, nfaction: 1 } : { connection };
    return makeIncident(reading, { table: 'connections', row }, { origin, timestamp, data });
  }
  function link(
    child: ConnectionRow,
    parent: ConnectionRow | undefined,
    timestamp: number,
  ): Entry['outcome'] {
    if (parent === undefined) return gone;
    return makeLink(reading, linksTable, child.row, { child, parent, timestamp });
  }

  return (after, last) => {
    const entries: Entry[] = [];
    const rows = readPage(statement, after, last, reading.pageRows);
    for (const stored of rows) {
      const child = readConnectionRow(stored, 'c', reading);
      if (child === undefined) continue;
      const { row } = child;
      const time = child.time ?? timeNear(row);
      if (row > done.connections && !isCopied(reading, 'connections', row))
        entries.push({ table: 'connections', row, owner: row, size: 500, outcome: announce(child, time) });
      const isLinked = child.parent !== undefined && child.parent !== row && row > done.links;
      if (isLinked) {
        const outcome = link(child, readConnectionRow(stored, 'p', reading), time);
        entries.push({ table: linksTable, row, owner: row, size: 500, outcome });
      }
    }
    return { entries, last: toInteger(rows.at(-1)?.['c.connection']) };
  };
}
