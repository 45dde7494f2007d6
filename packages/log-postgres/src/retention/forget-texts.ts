import { addresses } from '@ihandler/core/kit';
import type { Client } from 'pg';
import { COLUMNS, keyOf, tables } from '../schema/columns.ts';
import { quoted } from '../schema/identifiers.ts';

const PAGE = 1000;

/** Texts that may contain an address: the others are not read. */
const CANDIDATES = String.raw`\d\.\d|:[0-9a-fA-F]*:`;

/** A column with text, and what identifies its rows: the primary key of the table, or their place. */
interface TextColumn {
  readonly table: string;
  readonly column: string;
  readonly key: string;
}

const textColumns: readonly TextColumn[] = [
  ...tables
    .filter((table) => table !== 'connections')
    .flatMap((table) =>
      COLUMNS[table]
        .filter(({ kind }) => kind === 'text' || kind === 'indexed')
        .map(({ name }) => ({ table, column: name, key: keyOf(table) })),
    ),
  { table: 'ihandler_unfit', column: 'value', key: 'ctid' },
];

/**
 * Replaces forgotten addresses in the texts of attacks in which they did not take part, such as a URL, by `forgotten`. Returns how
 * many values changed.
 */
export async function forgetTexts(
  client: Client,
  schema: string,
  isForgotten: (host: string) => boolean,
): Promise<number> {
  let changed = 0;
  for (const { table, column, key } of textColumns) {
    const name = `${quoted(schema)}.${table}`;
    const type = key === 'ctid' ? 'tid' : 'bigint';
    for (let after = key === 'ctid' ? '(0,0)' : '-1'; ; ) {
      const { rows } = await client.query<{ key: string; text: string }>(
        `SELECT ${key}::text AS key, ${column} AS text FROM ${name} WHERE ${key} > $1::${type} AND ${column} ~ $2
          ORDER BY ${key} LIMIT ${PAGE}`,
        [after, CANDIDATES],
      );
      for (const { key: row, text } of rows) {
        const rest = addresses.without(text, isForgotten);
        if (rest === undefined) continue;
        await client.query(`UPDATE ${name} SET ${column} = $2 WHERE ${key} = $1::${type}`, [row, rest]);
        changed += 1;
      }
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.key;
    }
  }
  // dionaea's column with the host of a URI as an address: the text beside it has it, too.
  const hosts = await client.query<{ host: string }>(
    `SELECT DISTINCT host(sip_addr_uri_host) AS host FROM ${quoted(schema)}.sip_addrs WHERE sip_addr_uri_host IS NOT NULL`,
  );
  for (const { host } of hosts.rows.filter((row) => isForgotten(row.host)))
    await client.query(
      `UPDATE ${quoted(schema)}.sip_addrs SET sip_addr_uri_host = NULL WHERE host(sip_addr_uri_host) = $1`,
      [host],
    );
  return changed;
}
