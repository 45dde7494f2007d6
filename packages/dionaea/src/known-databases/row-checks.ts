import { toInteger } from '../database/cells.ts';
import { describeConnection, lastRow } from '../database/identify.ts';
import type { Layout } from '../database/layout.ts';
import type { Database, Statement } from '../database/open-database.ts';
import { tableMappings } from '../database/tables/tables.ts';
import { shortHash } from './short-hash.ts';

/** How many of the last rows are anchors; before them, the distance doubles from one to the next. */
const denseAnchors = 32;

/** The characters of the hash of a row; those of its connection follow. */
const half = 8;

function hash(text: string): string {
  return shortHash(text).slice(0, half);
}

/** Rows of a table and their checks, the last row first. */
export type Anchors = readonly (readonly [row: number, check: string])[];

/** Compares rows with what they were when they were read. */
export interface RowChecks {
  readonly tables: readonly string[];
  /**
   * A hash of the content of a row and of its connection; undefined when the row is missing. That of a connection is without
   * its parent, which is assigned later.
   */
  checkOf(table: string, row: number): string | undefined;
  /** The last rows up to `upTo`, some before them, and the first one. */
  anchorsOf(table: string, upTo?: number): [number, string][];
  /** The last row before `row`; undefined when there is none. */
  rowBefore(table: string, row: number): number | undefined;
  lastRow(table: string): number;
}

/** Whether a row is the one that was read. A connection that was deleted since then makes no difference. */
export function isSameRow(read: string, found: string): boolean {
  const owners = [read.slice(half), found.slice(half)];
  return hasSameContent(read, found) && (owners.includes('') || owners[0] === owners[1]);
}

/** Whether a row has the content that was read, whatever its connection is. */
export function hasSameContent(read: string, found: string): boolean {
  return read.slice(0, half) === found.slice(0, half);
}

/** A hash of a row of `connections`; undefined when it is missing. */
export function checkOfConnection(db: Database, layout: Layout, row: number): string | undefined {
  const described = describeConnection(db, layout, row);
  return described === '' ? undefined : shortHash(described);
}

/** Makes {@link RowChecks} of an open database. */
export function createRowChecks(db: Database, layout: Layout): RowChecks {
  const mappings = new Map(
    tableMappings.filter(({ table }) => layout.has(table)).map((mapping) => [mapping.table, mapping]),
  );
  const statements = new Map<string, Statement>();
  function prepared(key: string, sql: () => string): Statement {
    const statement = statements.get(key) ?? db.prepare(sql());
    statements.set(key, statement);
    return statement;
  }
  function columnsOf(table: string): string {
    const names = Object.values(mappings.get(table)?.columns ?? {});
    const columns = [['connection'], ...names].flatMap((of) => layout.column(table, of) ?? []);
    return columns.length === 0 ? 'rowid' : columns.map((column) => `"${column}"`).join(', ');
  }
  const rowBefore = (table: string, row: number) =>
    toInteger(
      // Safe: an aggregate always returns one row, and integers are returned as numbers.
      (
        prepared(`before ${table}`, () => `SELECT max(rowid) AS row FROM "${table}" WHERE rowid < ?`).get(
          row,
        ) as { row: number | null }
      ).row,
    );

  const firstRow = (table: string) =>
    toInteger(
      prepared(`first ${table}`, () => `SELECT min(rowid) FROM "${table}"`)
        .pluck()
        .get() as number,
    ) ?? 0;

  function checkOf(table: string, row: number): string | undefined {
    if (table === 'connections') return checkOfConnection(db, layout, row);
    const select = prepared(table, () => `SELECT ${columnsOf(table)} FROM "${table}" WHERE rowid = ?`);
    // Safe: columns hold the types of SQLite.
    const found = select.get(row) as Record<string, string | number | Buffer | null> | undefined;
    if (found === undefined) return undefined;
    const cells = Object.entries(found)
      .filter(([, value]) => value !== null && value !== '')
      .map(([column, value]) => [column, Buffer.isBuffer(value) ? value.toString('latin1') : value]);
    const owner = toInteger(found['connection'] ?? undefined);
    const connection = owner === undefined ? '' : describeConnection(db, layout, owner);
    return `${hash(JSON.stringify(cells))}${connection && hash(connection)}`;
  }

  return {
    tables: ['connections', ...mappings.keys()],
    checkOf,
    rowBefore,
    lastRow: (table) => lastRow(db, table),
    anchorsOf(table, upTo = Number.MAX_SAFE_INTEGER - 1) {
      const anchors: [number, string][] = [];
      let distance = 1;
      for (let at: number | undefined = rowBefore(table, upTo + 1); at !== undefined; ) {
        const row: number = at;
        const check = checkOf(table, row);
        if (check !== undefined) anchors.push([row, check]);
        if (anchors.length > denseAnchors) distance *= 2;
        at = rowBefore(table, row - distance + 1) ?? (row > firstRow(table) ? firstRow(table) : undefined);
      }
      return anchors;
    },
  };
}
