import { type StoredRow, sizeOf, toInteger, toValue } from './cells.ts';
import { connectionColumns, readConnectionRow } from './connection-row.ts';
import type { Entry, Page } from './cursor.ts';
import type { Cells, TableMapping } from './mapping.ts';
import { makeIncident, type Reading, takeRows } from './reading.ts';

/** Makes a function that reads a stretch of a table other than `connections`. */
export function createTableReader(
  reading: Reading,
  mapping: TableMapping,
): (after: number, last: number) => Page {
  const { db, layout, related, timeNear } = reading;
  const { table } = mapping;
  const columns = Object.entries(mapping.columns).flatMap(([property, names]) => {
    const column = layout.column(table, names);
    return column === undefined ? [] : [{ property, column }];
  });
  const hasOwner = layout.column(table, ['connection']) !== undefined;
  const selected = [
    't.rowid AS "row"',
    ...columns.map(({ property, column }) => `t."${column}" AS "cell.${property}"`),
    ...(hasOwner ? ['t.connection AS "owner"', connectionColumns(layout, 'c')] : []),
  ];
  const statement = db.prepare(
    `SELECT ${selected.join(', ')} FROM "${table}" t
     ${hasOwner ? 'LEFT JOIN connections c ON c.connection = t.connection' : ''}
     WHERE t.rowid > ? AND t.rowid <= ? ORDER BY t.rowid`,
  );

  function read(stored: StoredRow, row: number): Entry | undefined {
    const found = readConnectionRow(stored, 'c');
    const owner = toInteger(stored['owner']);
    const place = {
      table,
      row,
      owner: hasOwner ? (owner ?? 0) : Number.POSITIVE_INFINITY,
      size: sizeOf(stored),
    };
    if (found === undefined && mapping.withoutConnection === 'rejected')
      return {
        ...place,
        outcome: `expected connection to name a row of connections, found ${owner ?? 'none'}`,
      };
    const cells: Cells = Object.fromEntries(
      columns.map(({ property }) => [property, toValue(stored[`cell.${property}`])]),
    );
    const time = found?.time ?? timeNear(owner);
    const finding = mapping.find({ row, cells, connection: found?.connection, owner, time, related });
    if (finding === null) return undefined;
    if (typeof finding === 'string') return { ...place, outcome: finding };
    const { origin, data, timestamp = time } = finding;
    return { ...place, outcome: makeIncident(reading, table, row, { origin, data, timestamp }) };
  }

  return (after, last) => {
    const rows = takeRows(statement, after, last, reading.pageRows);
    const entries = rows.flatMap((stored) => {
      const row = toInteger(stored['row']);
      return (row !== undefined && read(stored, row)) || [];
    });
    return { entries, last: toInteger(rows.at(-1)?.['row']) };
  };
}
