import type { StoredValue, Summary, SummaryFilter, Table, ValueCount } from '@ihandler/attack-log';
import type { Database } from 'better-sqlite3';
import { namesSensors } from '../database/open-database.ts';
import type { Layout } from './layout.ts';
import { isRoot } from './roots.ts';

/** How many of the most frequent values a summary lists. */
const MOST = 10;

/** Summarizes a database, in SQL. A database that dionaea wrote does not name sensors, so its summary of a sensor is empty. */
export function readSummary(database: Database, layout: Layout, { sensor }: SummaryFilter): Summary {
  const isNamed = sensor !== undefined && namesSensors(database);
  const values = isNamed ? [sensor] : [];
  const ofSensor = isNamed
    ? `connection IN (SELECT connection FROM ihandler_connections JOIN ihandler_sensors USING (sensor)
        WHERE sensor_name = ?)`
    : String(sensor === undefined);
  function value(sql: string): StoredValue {
    const found = database
      .prepare<string[], StoredValue>(sql)
      .pluck()
      .get(...values);
    return found ?? null;
  }
  const count = (sql: string) => Number(value(sql));
  const time = (aggregate: string): number | null => {
    const seconds = value(`SELECT ${aggregate}(connection_timestamp) FROM ${layout.source('connections')}
      WHERE typeof(connection_timestamp) IN ('integer', 'real') AND ${ofSensor}`);
    return seconds === null ? null : Number(seconds) * 1000;
  };
  const rowsOf = (table: Table) => count(`SELECT count(*) FROM ${layout.source(table)} WHERE ${ofSensor}`);
  function most(table: Table, columns: string, where = 'true'): ValueCount[] {
    const rows = database
      .prepare<string[], StoredValue[]>(
        `SELECT ${columns}, count(*) FROM ${layout.source(table)} AS t WHERE ${ofSensor} AND ${where}
          GROUP BY ${columns} ORDER BY count(*) DESC, ${columns} LIMIT ${MOST}`,
      )
      .raw()
      .all(...values);
    return rows.map((row) => ({ value: row.slice(0, -1), count: Number(row.at(-1)) }));
  }
  const connections = layout.source('connections');
  return {
    first: time('min'),
    last: time('max'),
    connections: rowsOf('connections'),
    attacks: count(
      `SELECT count(*) FROM ${connections} AS c WHERE ${isRoot('c', connections)} AND ${ofSensor}`,
    ),
    sources:
      count(`SELECT count(DISTINCT CASE WHEN host LIKE '::ffff:%.%' THEN substr(host, 8) ELSE host END) FROM (
      SELECT coalesce(nullif(remote_host, ''), remote_hostname) AS host FROM ${connections}
      WHERE connection_type IN ('accept', 'reject', 'pending') AND ${ofSensor}) WHERE host <> ''`),
    protocols: most('connections', 'connection_protocol', "connection_type IS NOT 'listen'"),
    credentials: most('logins', 'login_username, login_password'),
    urls: most('offers', 'offer_url'),
    samples: most(
      'downloads',
      `coalesce(download_md5_hash, (SELECT d.sha256 FROM ${layout.source('ihandler_downloads')} AS d
        WHERE d.download = t.download))`,
    ),
    logins: rowsOf('logins'),
    commands: rowsOf('mssql_commands') + rowsOf('mysql_commands') + rowsOf('ihandler_commands'),
    offers: rowsOf('offers'),
    downloads: rowsOf('downloads'),
  };
}
