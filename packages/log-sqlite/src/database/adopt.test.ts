import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stream } from '@ihandler/test-support/attacks';
import { recording } from '@ihandler/test-support/recordings';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished, vi } from 'vitest';
import { query, startHandler, temporaryFolder } from '../testing/start-handler.ts';

// The tests may run in a container.
vi.mock('./unseen-processes.ts', () => ({ unseenProcesses: () => undefined }));

const recorded = recording('dionaea-a/log_sqlite.sqlite');

/** A copy of a database that dionaea wrote, changed by some SQL. */
function dionaeaDatabase(sql = ''): string {
  const file = join(temporaryFolder(), 'dionaea.sqlite');
  copyFileSync(recorded, file);
  chmodSync(file, 0o600);
  const database = new Database(file);
  database.exec(sql);
  database.close();
  return file;
}

const backupsOf = (file: string) =>
  readdirSync(dirname(file)).filter((name) => name.includes('.before-ihandler-'));
const at = Date.UTC(2026, 10, 22, 6, 51, 48);

it('log-sqlite does not write to a database of dionaea without the option adopt, and leaves it unchanged', async () => {
  const file = dionaeaDatabase();
  const before = readFileSync(file);
  const { mtimeMs } = statSync(file);
  await expect(startHandler({ file })).rejects.toMatchObject({
    code: 'TARGET_UNREADABLE',
    message: expect.stringMatching(/dionaea wrote .*ihandler tree.*"adopt: true"/),
  });
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(statSync(file).mtimeMs).toBe(mtimeMs);
  expect(readdirSync(dirname(file))).toEqual(['dionaea.sqlite']);
});

it('log-sqlite adopts a database of dionaea: makes a backup, keeps the rows and adds new ones', async () => {
  const file = dionaeaDatabase();
  const rows = (name: string) => query(name, 'SELECT * FROM connections WHERE connection <= 56');
  const before = rows(file);
  const handler = await startHandler({ file, adopt: true }, { now: () => at });
  const { accept, offer, checkpoint } = stream();
  handler.write([accept('a'), offer('a', 'x')], checkpoint());
  expect(backupsOf(file)).toEqual(['dionaea.sqlite.before-ihandler-20261122T065148Z']);
  const backup = join(dirname(file), backupsOf(file)[0] ?? '');
  expect(statSync(backup).mode & 0o777).toBe(0o600);
  expect([rows(backup), rows(file)]).toEqual([before, before]);
  expect(query(backup, "SELECT name FROM sqlite_master WHERE name LIKE 'ihandler%'")).toEqual([]);
  expect(query(file, 'SELECT connection FROM connections WHERE connection > 56')).toEqual([
    { connection: 57 },
  ]);
  expect(query(file, 'SELECT connection FROM ihandler_connections')).toEqual([{ connection: 57 }]);
  await handler.close?.();
  await (await startHandler({ file, adopt: true })).close?.();
  expect(backupsOf(file)).toHaveLength(1);
});

it.runIf(process.platform === 'linux')(
  'log-sqlite names the process that has the database open, and the file to remove',
  async () => {
    const file = dionaeaDatabase();
    const script = `const { openSync } = require('fs'); openSync(${JSON.stringify(file)}, 'r+'); console.log('open'); setInterval(() => {}, 1000);`;
    const other = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => {
      other.kill('SIGKILL');
    });
    await once(other.stdout, 'data');
    await expect(startHandler({ file, adopt: true })).rejects.toThrow(
      new RegExp(`process ${other.pid} .*log_sqlite.yaml.*ihandlers-enabled`),
    );
    expect(backupsOf(file)).toEqual([]);
  },
);

it('log-sqlite does not adopt a locked database', async () => {
  const file = dionaeaDatabase();
  const other = new Database(file);
  onTestFinished(() => {
    other.close();
  });
  other.exec('BEGIN IMMEDIATE');
  await expect(startHandler({ file, adopt: true })).rejects.toThrow('locked');
  expect(backupsOf(file)).toEqual([]);
});

it.runIf(process.platform === 'linux')(
  'log-sqlite notices a dionaea that still writes, loses nothing, and resumes when dionaea has stopped',
  async () => {
    const file = dionaeaDatabase();
    const handler = await startHandler({ file, adopt: true });
    const { accept, checkpoint } = stream();
    handler.write([accept('a')], checkpoint());
    const script = `
    const Database = require(${JSON.stringify(fileURLToPath(import.meta.resolve('better-sqlite3')))});
    const database = new Database(${JSON.stringify(file)});
    database.exec("INSERT INTO connections (connection_type) VALUES ('accept')");
    console.log('written'); setInterval(() => {}, 1000);`;
    const dionaea = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => {
      dionaea.kill('SIGKILL');
    });
    await once(dionaea.stdout, 'data');
    const batch = [accept('b')];
    expect(() => handler.write(batch, checkpoint())).toThrow(
      expect.objectContaining({
        retryAfter: expect.any(Number),
        message: expect.stringContaining(`process ${dionaea.pid}`),
      }),
    );
    const ended = once(dionaea, 'exit');
    dionaea.kill('SIGKILL');
    await ended;
    handler.write(batch, checkpoint());
    expect(query(file, 'SELECT connection FROM connections WHERE connection > 56')).toHaveLength(3);
    expect(query(file, 'SELECT connection_id FROM ihandler_connections')).toHaveLength(2);
  },
);

it('log-sqlite migrates old layouts without changing the values in them', async () => {
  const file = dionaeaDatabase(`
    ALTER TABLE downloads RENAME COLUMN download TO downloads;
    UPDATE dcerpcserviceops SET dcerpcserviceop_name = 'NetCompare' WHERE dcerpcserviceop_name = 'NetPathCompare';
    DELETE FROM dcerpcrequests;
    CREATE TABLE dcerpcs (dcerpc INTEGER PRIMARY KEY, connection INTEGER, dcerpc_uuid TEXT, dcerpc_opnum INTEGER);
    INSERT INTO dcerpcs VALUES (1, 5, 'uuid-1', 31), (2, 6, 'uuid-2', 9);
    DELETE FROM emu_services;
    ALTER TABLE emu_services RENAME TO emu_services_old;
    CREATE TABLE emu_services (emu_serivce INTEGER PRIMARY KEY, connection INTEGER, emu_service_url TEXT);
    INSERT INTO emu_services_old VALUES (1, 7, 'old-1'), (2, 8, 'old-2'), (3, 9, 'old-3');
    INSERT INTO emu_services VALUES (2, 10, 'new-2');
    DROP TABLE mqtt_fingerprints;
    DROP INDEX connections_parent_idx;
    ALTER TABLE p0fs DROP COLUMN p0f_fw;
    DROP TRIGGER connections_INSERT_update_connection_root_trg;
    UPDATE connections SET connection_root = NULL, connection_parent = NULL;
    UPDATE connections SET connection_parent = connection - 1 WHERE connection IN (2, 3);
    UPDATE connections SET connection_parent = 11 WHERE connection = 10;
    UPDATE connections SET connection_parent = 10 WHERE connection = 11;
  `);
  const fresh = join(temporaryFolder(), 'fresh.sqlite');
  await startHandler({ file: fresh });
  await startHandler({ file, adopt: true });
  expect(query(file, 'SELECT download, download_url IS NOT NULL AS url FROM downloads')).toEqual([
    { download: 1, url: 1 },
  ]);
  expect(query(file, 'SELECT * FROM dcerpcrequests')).toEqual([
    { dcerpcrequest: 1, connection: 5, dcerpcrequest_uuid: 'uuid-1', dcerpcrequest_opnum: 31 },
    { dcerpcrequest: 2, connection: 6, dcerpcrequest_uuid: 'uuid-2', dcerpcrequest_opnum: 9 },
  ]);
  expect(
    query(file, 'SELECT emu_serivce AS key, emu_service_url AS url FROM emu_services ORDER BY 1'),
  ).toEqual([
    { key: 1, url: 'old-1' },
    { key: 2, url: 'new-2' },
    { key: 3, url: 'old-3' },
    { key: 4, url: 'old-2' },
  ]);
  expect(
    query(
      file,
      'SELECT connection AS c, connection_root AS root FROM connections WHERE connection IN (1, 2, 3, 4, 10, 11)',
    ),
  ).toEqual([
    { c: 1, root: 1 },
    { c: 2, root: 1 },
    { c: 3, root: 1 },
    { c: 4, root: 4 },
    { c: 10, root: 10 },
    { c: 11, root: 11 },
  ]);
  const names = "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite%' ORDER BY 1, 2";
  expect(query(file, names)).toEqual(query(fresh, names));
  const columns = `SELECT m.name AS t, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c
    WHERE m.type = 'table' ORDER BY 1, 2`;
  expect(query(file, columns)).toEqual(query(fresh, columns));
  const operations = 'SELECT * FROM dcerpcserviceops ORDER BY 1';
  expect(query(file, operations)).toEqual(query(fresh, operations));
});

it('log-sqlite leaves the database unchanged when a migration fails', async () => {
  const file = dionaeaDatabase('ALTER TABLE offers RENAME COLUMN offer TO number');
  const before = readFileSync(file);
  await expect(startHandler({ file, adopt: true })).rejects.toThrow('column offer in the table offers');
  expect(readFileSync(file).equals(before)).toBe(true);
});
