import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TABLES } from '@ihandler/attack-log';
import { recording } from '@ihandler/test-support/recordings';
import { expect, it } from 'vitest';
import { query, startHandler, temporaryFolder } from '../testing/start-handler.ts';

const recorded = recording('dionaea-a/log_sqlite.sqlite');

/** A statement without comments and insignificant white space. */
function normal(statement: string): string {
  return statement
    .replace(/--.*$/gm, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([(),;]) ?/g, '$1')
    .trim();
}

async function freshDatabase(): Promise<string> {
  const file = join(temporaryFolder(), 'attacks.sqlite');
  const handler = await startHandler({ file });
  await handler.close?.();
  return file;
}

it('log-sqlite stores exactly the schema statements of dionaea, apart from white space and comments', async () => {
  const ddl = readFileSync(recording('dionaea-c/log_sqlite-schema.sql'), 'utf8');
  const expected = ddl
    .replace(/;(?=\s*END)/g, '\0')
    .split(';')
    .map((statement) => normal(statement.replaceAll('\0', ';')))
    .filter(Boolean);
  const stored = query<{ sql: string }>(
    await freshDatabase(),
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'ihandler\\_%' ESCAPE '\\'",
  );
  expect(stored.map(({ sql }) => normal(sql)).sort()).toEqual(expected.sort());
  expect(expected.length).toBeGreaterThan(80);
});

it.each(['dcerpcservices', 'dcerpcserviceops', 'mysql_command_ops'])(
  'log-sqlite fills %s with the same rows as dionaea',
  async (table) => {
    const expected = query(recorded, `SELECT * FROM ${table} ORDER BY 1`);
    expect(query(await freshDatabase(), `SELECT * FROM ${table} ORDER BY 1`)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(20);
  },
);

it('the schema has the columns that attack-log maps incidents to, in that order', async () => {
  const file = await freshDatabase();
  for (const [table, columns] of Object.entries(TABLES)) {
    const names = query<{ name: string }>(file, 'SELECT name FROM pragma_table_info(?)', table);
    expect(names.map(({ name }) => name)).toEqual(columns);
  }
});
