import { decodeIncident } from '@ihandler/core';
import { addresses } from '@ihandler/core/kit';
import type { Client } from 'pg';
import { arrayLiteral } from '../database/array-literal.ts';
import { quoted } from '../schema/identifiers.ts';
import { deleteAttacks } from './delete-attacks.ts';
import { forgetTexts } from './forget-texts.ts';

const PAGE = 5000;
const STEP = 100;

async function removeAll(client: Client, schema: string, roots: readonly string[]): Promise<number> {
  let removed = 0;
  for (let at = 0; at < roots.length; at += STEP)
    removed += await deleteAttacks(client, schema, roots.slice(at, at + STEP));
  return removed;
}

/** Removes the waiting incidents that name a forgotten host. */
async function forgetWaiting(
  client: Client,
  schema: string,
  isForgotten: (host: string) => boolean,
): Promise<void> {
  const table = `${quoted(schema)}.ihandler_waiting`;
  for (let after = '0'; ; ) {
    const { rows } = await client.query<{ number: string; incident: string }>(
      `SELECT number, incident FROM ${table} WHERE number > $1 ORDER BY number LIMIT ${PAGE}`,
      [after],
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.number;
    const concerned = rows.filter(({ incident }) =>
      addresses.areNamed(decodeIncident(incident).data, isForgotten),
    );
    await client.query(`DELETE FROM ${table} WHERE number = ANY($1::bigint[])`, [
      arrayLiteral(concerned.map(({ number }) => number)),
    ]);
  }
}

/** How much was removed. */
export interface RemovalCounts {
  readonly attacks: number;
  /** Values of other attacks that named a host. */
  readonly texts: number;
}

/** Removes whole attacks in which one of these hosts took part, and its address from the texts of others. */
export async function forgetAttacks(
  client: Client,
  schema: string,
  isForgotten: (host: string) => boolean,
): Promise<RemovalCounts> {
  const name = quoted(schema);
  let removed = 0;
  for (let after = '0.0.0.0/0'; ; ) {
    const { rows } = await client.query<{ host: string; address: string }>(
      `SELECT DISTINCT remote_host::text AS address, host(remote_host) AS host, remote_host
        FROM ${name}.connections WHERE remote_host > $1::inet ORDER BY remote_host LIMIT ${PAGE}`,
      [after],
    );
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.address;
    const hosts = rows.filter(({ host }) => isForgotten(host)).map(({ address }) => address);
    const found = await client.query<{ root: string }>(
      `SELECT DISTINCT connection_root AS root FROM ${name}.connections WHERE remote_host = ANY($1::inet[])`,
      [arrayLiteral(hosts)],
    );
    removed += await removeAll(
      client,
      schema,
      found.rows.map(({ root }) => root),
    );
  }
  // Host names, and hosts that are not an address, which are in `ihandler_unfit`.
  const odd = await client.query<{ root: string; value: string }>(
    `SELECT connection_root AS root, value FROM ${name}.ihandler_unfit JOIN ${name}.connections USING (connection)
      WHERE column_name IN ('remote_host', 'remote_hostname')
      UNION SELECT connection_root, to_json(remote_hostname)::text FROM ${name}.connections WHERE remote_hostname <> ''`,
  );
  const roots = odd.rows
    .filter(({ value }) => addresses.areNamed(JSON.parse(value), isForgotten))
    .map(({ root }) => root);
  removed += await removeAll(client, schema, [...new Set(roots)]);
  await forgetWaiting(client, schema, isForgotten);
  return { attacks: removed, texts: await forgetTexts(client, schema, isForgotten) };
}
