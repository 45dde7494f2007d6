import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDispatcher, createMemoryJournal } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import logSqlite from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../../docs/queries.md', import.meta.url), 'utf8');
const recording = (name: string) => fileURLToPath(new URL(`../recordings/${name}`, import.meta.url));

/** Each query with the last heading and sentence before it. */
function queries(): readonly { readonly title: string; readonly sql: string }[] {
  return page.split('\n## ').flatMap((section) => {
    const heading = section.slice(0, section.indexOf('\n'));
    const blocks = [...section.matchAll(/```sql\n([\s\S]*?)```/g)];
    return blocks.map(([, sql = ''], index) => ({ title: `${heading}, ${index + 1}`, sql }));
  });
}

const folder = mkdtempSync(join(tmpdir(), 'ihandler-queries-'));
const file = join(folder, 'attacks.sqlite');

beforeAll(async () => {
  await using dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [{ handler: logSqlite({ file }) }],
    sensor: 'queries',
    dataDir: folder,
  });
  await dispatcher.start();
  for (const name of ['seed-attack.ndjson', 'dionaea-a/log_incident.ndjson', 'dionaea-c/log_incident.ndjson'])
    await dispatcher.run(dionaea({ file: recording(name) }));
  expect(await dispatcher.drain()).toEqual([]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the queries of docs/queries.md', () => {
  it.each(queries())('return rows: $title', ({ sql }) => {
    const database = new Database(file, { readonly: true });
    try {
      const rows = database.prepare(sql).all();
      if (!sql.includes('-- may be empty')) expect(rows.length).toBeGreaterThan(0);
    } finally {
      database.close();
    }
  });

  it.each(queries().filter(({ sql }) => !sql.includes('ihandler_')))(
    'run on a database that dionaea wrote: $title',
    ({ sql }) => {
      const database = new Database(recording('dionaea-c/log_sqlite.sqlite'), { readonly: true });
      try {
        expect(Array.isArray(database.prepare(sql).all())).toBe(true);
      } finally {
        database.close();
      }
    },
  );

  it.each(queries())('return the same for addresses in mapped form: $title', ({ sql }) => {
    const database = new Database(':memory:');
    try {
      database.exec(`ATTACH '${file}' AS original`);
      const names = database
        .prepare<[], string>(
          "SELECT name FROM original.sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'",
        )
        .pluck()
        .all();
      for (const name of names) database.exec(`CREATE TABLE main.${name} AS SELECT * FROM original.${name}`);
      database.exec('DETACH original');
      const plain = database.prepare(sql).all();
      database.exec(`UPDATE connections SET remote_host = '::ffff:' || remote_host
        WHERE connection % 2 = 1 AND remote_host GLOB '[0-9]*.[0-9]*'`);
      expect(database.prepare(sql).all()).toEqual(plain);
    } finally {
      database.close();
    }
  });
});
