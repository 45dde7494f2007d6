import type { StoredRow } from '@ihandler/attack-log';
import { loginFrom } from '../database/login.ts';
import { createSession } from '../database/session.ts';
import { selectList } from '../read/select-rows.ts';
import { loadUnfitValues } from '../read/unfit-values.ts';
import { keyOf, tables } from '../schema/columns.ts';
import { quoted } from '../schema/identifiers.ts';

/** All rows of all tables in which incidents become rows, with their keys, with the columns of dionaea's SQLite databases. */
export async function readTables(url: string): Promise<Readonly<Record<string, readonly StoredRow[]>>> {
  const login = loginFrom({ url });
  const schema = login.schema ?? 'dionaea';
  const session = createSession(login);
  try {
    return await session.run(async (client) => {
      const found: Record<string, readonly StoredRow[]> = {};
      const from = (table: string) => `FROM ${quoted(schema)}.${table}`;
      const { rows } = await client.query<{ key: number }>(
        `SELECT connection::float8 AS key ${from('connections')}`,
      );
      const restore = await loadUnfitValues(
        client,
        schema,
        rows.map(({ key }) => key),
      );
      for (const table of tables) {
        const read = await client.query<StoredRow>(
          `SELECT ${selectList(table)} ${from(table)} ORDER BY ${quoted(schema)}.${table}.${keyOf(table)}`,
        );
        found[table] = restore(table, read.rows);
      }
      return found;
    });
  } finally {
    await session.close();
  }
}
