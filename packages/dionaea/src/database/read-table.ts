import { type StoredRow, sizeOf, toInteger, toValue } from './cells.ts';
import { connectionColumns, readConnectionRow } from './connection-row.ts';
import { type Entry, gone, type Page } from './cursor.ts';
import { idOf, isCopied, makeIncident, type Reading, readPage } from './reading.ts';
import type { Cells, TableMapping } from './tables/mapping.ts';

/** Makes a function that reads a page of a table other than `connections`. */
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
    if (isCopied(reading, table, row)) return undefined;
    const connectionRow = readConnectionRow(stored, 'c', reading);
    const owner = toInteger(stored['owner']);
    const place = {
      table,
      row,
      owner: hasOwner ? (owner ?? 0) : Number.POSITIVE_INFINITY,
      size: sizeOf(stored),
    };
    if (connectionRow === undefined && mapping.withoutConnection === 'rejected')
      return {
        ...place,
        outcome: owner === undefined ? 'expected connection to be the id of a row, found none' : gone,
      };
    const cells: Cells = Object.fromEntries(
      columns.map(({ property }) => [property, toValue(stored[`cell.${property}`])]),
    );
    const time = connectionRow?.time ?? timeNear(owner);
    const { connection } = connectionRow ?? {};
    const result = mapping.read({ row, cells, connection, owner, time, related });
    if (result === null) return undefined;
    if (typeof result === 'string') return { ...place, outcome: result };
    const { origin, data, timestamp = time } = result;
    const isOwnerRecorded =
      connectionRow === undefined || reading.recorded?.connectionOf(connectionRow.row) !== undefined;
    const ids = isOwnerRecorded ? undefined : { ...idOf(reading, table, row), sensor: reading.sensor };
    return { ...place, outcome: makeIncident(reading, { table, row }, { origin, data, timestamp }, ids) };
  }

  return (after, last) => {
    const rows = readPage(statement, after, last, reading.pageRows);
    const entries = rows.flatMap((stored) => {
      const row = toInteger(stored['row']);
      return (row !== undefined && read(stored, row)) || [];
    });
    return { entries, last: toInteger(rows.at(-1)?.['row']) };
  };
}
