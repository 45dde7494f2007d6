import type { Counted, Stored, Summary } from '@ihandler/attack-log';
import type { Client } from 'pg';
import { quoted } from './schema.ts';

/** How many of the most frequent values are told. */
const MOST = 10;

/** Adds a database up, in SQL. */
export async function readSummary(client: Client, schema: string): Promise<Summary> {
  const name = quoted(schema);
  const connections = `${name}.connections`;
  async function value(sql: string): Promise<number | null> {
    const { rows } = await client.query<{ value: number | null }>(`SELECT (${sql})::float8 AS value`);
    return rows[0]?.value ?? null;
  }
  const count = async (from: string) => Number(await value(`SELECT count(*) FROM ${from}`));
  const time = (aggregate: string) =>
    value(`SELECT extract(epoch FROM ${aggregate}(connection_timestamp)) * 1000 FROM ${connections}`);
  async function most(table: string, columns: readonly string[], where = 'true'): Promise<Counted[]> {
    const order = columns.map((column) => `${column} COLLATE "C" NULLS FIRST`).join(', ');
    const { rows } = await client.query<Stored[]>({
      text: `SELECT ${columns.join(', ')}, count(*)::float8 FROM ${name}.${table} WHERE ${where}
        GROUP BY ${columns.join(', ')} ORDER BY count(*) DESC, ${order} LIMIT ${MOST}`,
      rowMode: 'array',
    });
    return rows.map((row) => ({ value: row.slice(0, -1), count: Number(row.at(-1)) }));
  }
  return {
    first: await time('min'),
    last: await time('max'),
    connections: await count(connections),
    attacks: await count(`${connections} WHERE connection_root = connection`),
    sources: Number(
      await value(`SELECT count(DISTINCT regexp_replace(host(remote_host), '^::ffff:(?=[0-9.]+$)', ''))
        FROM ${connections} WHERE connection_type IN ('accept', 'reject', 'pending')`),
    ),
    protocols: await most(
      'connections',
      ['connection_protocol'],
      "connection_type IS DISTINCT FROM 'listen'",
    ),
    credentials: await most('logins', ['login_username', 'login_password']),
    urls: await most('offers', ['offer_url']),
    samples: await most('downloads', ['download_md5_hash']),
    logins: await count(`${name}.logins`),
    offers: await count(`${name}.offers`),
    downloads: await count(`${name}.downloads`),
  };
}
