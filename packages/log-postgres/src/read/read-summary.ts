import type { StoredValue, Summary, SummaryFilter, Table, ValueCount } from '@ihandler/attack-log';
import type { Client } from 'pg';
import { keyOf } from '../schema/columns.ts';
import { DETAILS_VERSION } from '../schema/detail-tables.ts';
import { quoted } from '../schema/identifiers.ts';

/** How many of the most frequent values a summary lists. */
const MOST = 10;

/** The original value: from its column, or from the JSON of a value that did not fit. */
function whole(column: StoredValue | undefined, unfit: StoredValue | undefined): StoredValue {
  // Safe: only cells are written there.
  return typeof unfit === 'string' ? (JSON.parse(unfit) as StoredValue) : (column ?? null);
}

/** Summarizes a database, in SQL. `version` is that of the tables. */
export async function readSummary(
  client: Client,
  schema: string,
  version: number,
  { sensor }: SummaryFilter,
): Promise<Summary> {
  const name = quoted(schema);
  const hasDetails = version >= DETAILS_VERSION;
  const values = sensor === undefined ? [] : [sensor];
  const ofSensor =
    sensor === undefined
      ? 'true'
      : `t.connection IN (SELECT connection FROM ${name}.connections JOIN ${name}.sensors USING (sensor)
          WHERE sensor_name = $1)`;
  /** Joins a table, as `t`, with the values of some columns that did not fit, as `u0`, `u1` and so on. */
  const from = (table: Table, columns: readonly string[], where: string, join = '') =>
    `FROM ${name}.${table} AS t ${columns
      .map(
        (column, at) => `LEFT JOIN ${name}.ihandler_unfit AS u${at} ON u${at}.connection = t.connection
          AND u${at}.table_name = '${table}' AND u${at}.row_key = t.${keyOf(table)} AND u${at}.column_name = '${column}'`,
      )
      .join(' ')} ${join} WHERE ${ofSensor} AND ${where}`;
  async function value(
    what: string,
    table: Table,
    where = 'true',
    columns: readonly string[] = [],
  ): Promise<number | null> {
    const text = `SELECT (${what})::float8 AS value ${from(table, columns, where)}`;
    const { rows } = await client.query<{ value: number | null }>(text, values);
    return rows[0]?.value ?? null;
  }
  const count = async (table: Table, where?: string) => Number(await value('count(*)', table, where));
  const time = (aggregate: string) =>
    value(`extract(epoch FROM ${aggregate}(connection_timestamp)) * 1000`, 'connections');
  async function most(
    table: Table,
    columns: readonly string[],
    where = 'true',
    join = '',
    cellOf = (column: string) => `t.${column}`,
  ): Promise<ValueCount[]> {
    const cells = columns.flatMap((column, at) => [cellOf(column), `u${at}.value`]).join(', ');
    const order = columns.map((column) => `${cellOf(column)} COLLATE "C" NULLS FIRST`).join(', ');
    const { rows } = await client.query<StoredValue[]>({
      text: `SELECT ${cells}, count(*)::float8 ${from(table, columns, where, join)}
        GROUP BY ${cells} ORDER BY count(*) DESC, ${order} LIMIT ${MOST}`,
      values,
      rowMode: 'array',
    });
    return rows.map((row) => ({
      value: columns.map((_, at) => whole(row[2 * at], row[2 * at + 1])),
      count: Number(row.at(-1)),
    }));
  }
  return {
    first: await time('min'),
    last: await time('max'),
    connections: await count('connections'),
    attacks: await count('connections', 't.connection_root = t.connection'),
    sources: Number(
      await value(
        `count(DISTINCT coalesce(u0.value, regexp_replace(host(t.remote_host), '^::ffff:(?=[0-9.]+$)', '')))`,
        'connections',
        `t.connection_type IN ('accept', 'reject', 'pending')`,
        ['remote_host'],
      ),
    ),
    protocols: await most(
      'connections',
      ['connection_protocol'],
      "t.connection_type IS DISTINCT FROM 'listen'",
    ),
    credentials: await most('logins', ['login_username', 'login_password']),
    urls: await most('offers', ['offer_url']),
    samples: hasDetails
      ? await most(
          'downloads',
          ['download_md5_hash'],
          'true',
          `LEFT JOIN ${name}.ihandler_downloads AS d ON d.download = t.download`,
          (column) => `coalesce(t.${column}, d.sha256)`,
        )
      : await most('downloads', ['download_md5_hash']),
    logins: await count('logins'),
    commands:
      (await count('mssql_commands')) +
      (await count('mysql_commands')) +
      (hasDetails ? await count('ihandler_commands') : 0),
    offers: await count('offers'),
    downloads: await count('downloads'),
  };
}
