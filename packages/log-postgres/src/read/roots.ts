import { isIP } from 'node:net';
import { type AttackFilter, hostForms, namesRemoteHost } from '@ihandler/attack-log';
import type { Client } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { quoted } from '../schema/identifiers.ts';

/** The stored host names that name a host. */
async function namesOf(client: Client, connections: string, host: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT remote_hostname AS name FROM ${connections} WHERE remote_hostname <> ''`,
  );
  return rows.map(({ name }) => name).filter(namesRemoteHost(host));
}

/** Declares a cursor on the attacks that a filter selects, oldest first, for {@link nextRoots}. Call it in a transaction. */
export async function declareRoots(
  client: Client,
  schema: string,
  { connection, since, until, remoteHost, sensor, limit }: AttackFilter,
): Promise<void> {
  const connections = `${quoted(schema)}.connections`;
  const values: (string | number)[] = [];
  const bind = (value: string | number, type: string): string => {
    values.push(value);
    return `$${values.length}::${type}`;
  };
  const conditions = ['c.connection_root = c.connection'];
  if (connection !== undefined)
    conditions.push(
      `c.connection = (SELECT connection_root FROM ${connections} WHERE connection = ${bind(connection, 'bigint')})`,
    );
  if (since !== undefined)
    conditions.push(`c.connection_timestamp >= to_timestamp(${bind(since / 1000, 'float8')})`);
  if (until !== undefined)
    conditions.push(`c.connection_timestamp < to_timestamp(${bind(until / 1000, 'float8')})`);
  if (remoteHost !== undefined) {
    const isAddress = isIP(remoteHost) !== 0 && !remoteHost.includes('%');
    const [plain, mapped] = hostForms(remoteHost);
    const names = await namesOf(client, connections, remoteHost);
    const hosts = isAddress
      ? `remote_host IN (${bind(plain, 'inet')}, ${bind(mapped, 'inet')})`
      : // A host that is not an address is in `ihandler_unfit`.
        `connection IN (SELECT connection FROM ${quoted(schema)}.ihandler_unfit
          WHERE table_name = 'connections' AND column_name = 'remote_host'
          AND value = ${bind(JSON.stringify(remoteHost), 'text')})`;
    conditions.push(`c.connection IN (SELECT connection_root FROM ${connections}
      WHERE ${hosts} OR remote_hostname = ANY(${bind(arrayLiteral(names), 'text[]')}))`);
  }
  if (sensor !== undefined)
    conditions.push(
      `c.sensor IN (SELECT sensor FROM ${quoted(schema)}.sensors WHERE sensor_name = ${bind(sensor, 'text')})`,
    );
  const newest =
    limit === undefined
      ? ''
      : `ORDER BY time DESC NULLS LAST, connection DESC LIMIT ${bind(limit, 'bigint')}`;
  await client.query(
    `DECLARE roots NO SCROLL CURSOR FOR SELECT connection::float8 AS root FROM (
      SELECT c.connection, c.connection_timestamp AS time FROM ${connections} AS c
      WHERE ${conditions.join(' AND ')} ${newest}) AS found ORDER BY time NULLS FIRST, connection`,
    values,
  );
}

/** The next roots, at most `count`. */
export async function nextRoots(client: Client, count: number): Promise<readonly number[]> {
  const { rows } = await client.query<{ root: number }>(`FETCH ${Math.trunc(count)} FROM roots`);
  return rows.map(({ root }) => root);
}
