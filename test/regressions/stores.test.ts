// Bugs in the history of cowrie that concern databases: the commit, and the bug.

import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { TABLES } from '@ihandler/attack-log';
import { createIncident, formatIncidentId, type Incident } from '@ihandler/core';
import logPostgres from '@ihandler/log-postgres';
import { readTables } from '@ihandler/log-postgres/testing';
import logSqlite from '@ihandler/log-sqlite';
import { connection, exampleOrigins, incident, incidents } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { handle, hostOf, temporaryFolder } from '../support/regressions/hosting.ts';
import { describeService } from '../support/servers/available.ts';
import { startPostgres } from '../support/servers/postgres.ts';

function rowsOf(file: string, sql: string): unknown[] {
  const database = new Database(file, { readonly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

describe('c7e76443: with a locked database a row was dropped or got the id of another row', () => {
  it('log-sqlite writes incidents once and in order when a busy database is free again', async () => {
    const file = join(temporaryFolder(), 'attacks.sqlite');
    await handle(temporaryFolder(), [logSqlite({ file })], []);
    const host = hostOf(temporaryFolder(), [logSqlite({ file })]);
    await host.start();
    const other = new Database(file);
    onTestFinished(() => {
      other.close();
    });
    other.exec('BEGIN IMMEDIATE');
    const accepts = Array.from({ length: 50 }, (_, n) =>
      incident(
        'dionaea.connection.tcp.accept',
        { connection: connection({ id: `c-${n}` }) },
        { id: `s:${n + 1}` },
      ),
    );
    await host.report(accepts);
    await wait(50);
    other.exec('COMMIT');
    expect(await host.drain()).toEqual([]);
    await host.close();
    const rows = rowsOf(file, 'SELECT connection_id FROM ihandler_connections ORDER BY connection');
    expect(rows).toEqual(accepts.map((_, n) => ({ connection_id: `c-${n}` })));
  });
});

describe('b6e6810d: one database had no rows of two kinds of events that the other had', () => {
  /** Each origin of the catalogue, on an accepted connection. */
  function everyOrigin(): readonly Incident[] {
    const origins = Object.keys(exampleOrigins.origins);
    return ['dionaea.connection.tcp.accept', ...origins].map((origin, n) => {
      const { timestamp, sensor, data } = incident(origin);
      return createIncident({ id: formatIncidentId('s', n + 1), origin, timestamp, sensor, data });
    });
  }

  describeService('postgres', () => {
    it('both databases have the same number of rows in each table for every origin', {
      timeout: 120_000,
    }, async () => {
      const postgres = await startPostgres();
      onTestFinished(() => postgres.stop());
      const file = join(temporaryFolder(), 'attacks.sqlite');
      const url = `${postgres.url}?schema=parity`;
      await handle(temporaryFolder(), [logSqlite({ file }), logPostgres({ url })], everyOrigin());
      const counts = (tables: Readonly<Record<string, readonly unknown[]>>) =>
        Object.fromEntries(Object.keys(TABLES).map((table) => [table, tables[table]?.length ?? 0]));
      const inSqlite = Object.fromEntries(
        Object.keys(TABLES).map((table) => [table, rowsOf(file, `SELECT 1 FROM ${table}`)]),
      );
      expect(counts(await readTables(url))).toEqual(counts(inSqlite));
    });
  });

  it('every table has rows after every origin was reported', async () => {
    const file = join(temporaryFolder(), 'attacks.sqlite');
    await handle(temporaryFolder(), [logSqlite({ file })], everyOrigin());
    const empty = Object.keys(TABLES).filter((table) => rowsOf(file, `SELECT 1 FROM ${table}`).length === 0);
    expect(empty).toEqual([]);
  });
});

describe('ba516e75: an existing object caused an error at a restart that disabled a feature for good', () => {
  it('setting up both databases twice changes nothing', async () => {
    const file = join(temporaryFolder(), 'attacks.sqlite');
    const [first, second] = incidents(2, 'dionaea.connection.tcp.accept');
    if (first === undefined || second === undefined) throw new Error('expected two databases');
    const folder = temporaryFolder();
    await handle(folder, [logSqlite({ file })], [first]);
    const schema = rowsOf(file, 'SELECT sql FROM sqlite_master');
    await handle(folder, [logSqlite({ file })], [second]);
    expect(rowsOf(file, 'SELECT sql FROM sqlite_master')).toEqual(schema);
    expect(rowsOf(file, 'SELECT 1 FROM connections')).toHaveLength(2);
  });
});

describe('cbcddc9f: a missing value was stored as the text "NULL"', () => {
  it('a missing value is stored as NULL', async () => {
    const file = join(temporaryFolder(), 'attacks.sqlite');
    const made = [
      incident('dionaea.connection.tcp.accept', {}, { id: 's:1' }),
      incident('dionaea.download.offer', {}, { id: 's:2' }),
    ];
    await handle(temporaryFolder(), [logSqlite({ file })], made);
    const texts = Object.keys(TABLES).flatMap((table) =>
      rowsOf(file, `SELECT * FROM ${table}`).flatMap((row) => Object.values(row ?? {})),
    );
    expect(texts.length).toBeGreaterThan(10);
    expect(
      texts.filter((value) => /^(?:null|none|undefined)$/i.test(String(value)) && value !== null),
    ).toEqual([]);
    expect(rowsOf(file, 'SELECT connection_parent FROM connections')).toEqual([{ connection_parent: null }]);
  });
});
