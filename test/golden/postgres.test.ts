import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AttackReader, formatAttack, formatManual } from '@ihandler/attack-log';
import { createDispatcher, createMemoryJournal, type Handler, type Incident } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import logPostgres, { openAttackReader as openPostgres } from '@ihandler/log-postgres';
import { commands as postgresCommands } from '@ihandler/log-postgres/commands';
import { canonicalForest, comparableRow, readTables } from '@ihandler/log-postgres/testing';
import logSqlite, { openAttackReader as openSqlite } from '@ihandler/log-sqlite';
import { commands as sqliteCommands } from '@ihandler/log-sqlite/commands';
import { commandContext, exampleOrigins } from '@ihandler/testkit';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { connection, stream } from '../support/attacks.ts';
import { sqliteTables } from '../support/parity/sqlite-tables.ts';
import { describeService } from '../support/servers/available.ts';
import { type Postgres, startPostgres } from '../support/servers/postgres.ts';

const recordings = [
  'dionaea-a/log_incident.ndjson',
  'dionaea-c/log_incident.ndjson',
  'dionaea-a/log_sqlite.sqlite',
  'dionaea-c/log_sqlite.sqlite',
  'seed-attack.ndjson',
];

/** Imports a recording with the same parts as `ihandler import`. */
async function importInto(name: string, handler: Handler, dataDir: string): Promise<void> {
  await using dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [{ handler }],
    sensor: 'golden',
    dataDir,
  });
  await dispatcher.start();
  const file = fileURLToPath(new URL(`../recordings/${name}`, import.meta.url));
  await dispatcher.run(dionaea({ file }));
  expect(await dispatcher.drain()).toEqual([]);
}

/** The output of a command. */
async function run(
  commands: typeof postgresCommands,
  name: string,
  target: string,
  options: Record<string, string | boolean> = {},
): Promise<string> {
  const lent = commandContext();
  const args = { options: { utc: true, ...options }, positionals: [target] };
  const code = await commands[name]?.run(args, lent.context);
  expect({ code, warned: lent.warnings }).toEqual({ code: 0, warned: [] });
  return lent.output;
}

async function printed(reader: AttackReader, format: (typeof formats)[number]): Promise<string> {
  let text = '';
  for await (const attack of reader.attacks()) text += format(attack);
  await reader.close();
  return text;
}
const formats = [
  formatManual,
  (attack: Parameters<typeof formatAttack>[0]) => formatAttack(attack, { utc: true }),
];

/**
 * Known differences: PostgreSQL stores microseconds, SQLite a seventh digit. A value in a numeric column of PostgreSQL may be
 * text in SQLite, whose columns have no types.
 */
function comparable(text: string): string {
  const times = text.replaceAll(/(?<=:)(\d{10}|\d{13})\.\d+/g, (number) =>
    String(Math.round(Number(number) * (number.indexOf('.') === 10 ? 1e6 : 1e3))),
  );
  return times.replaceAll(/(?<=:)"(\d{1,15})"/g, '$1');
}

/** Invalid addresses, and addresses with two spellings. */
const hosts = ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1', 'fe80::1%eth0', 'no address', '010.1.1.1', ''];
/** Texts that PostgreSQL or its indexes cannot hold, or that a terminal would interpret. SQLite cannot hold lone surrogates. */
const texts = ['root', '', 'a\0b', 'a\ufffdb', '\u001b[31mred', `${'x'.repeat(600)}y`, `${'x'.repeat(600)}z`];

/** Incidents of attackers who want to break the database. */
function madeUp(sensor: string): Incident[] {
  const { incident, login, offer, clock } = stream(`made up of ${sensor}`, sensor);
  return hosts.flatMap((host, at) => {
    // Far in the past and in the future.
    clock.now = [0, -62_135_596_800_000, 253_402_300_799_000][at] ?? clock.now;
    const id = `c${at}`;
    const accept = incident('dionaea.connection.tcp.accept', { connection: connection(id, host) });
    // The first occurs once, the second twice, etc.: their counts distinguish them in a summary.
    const often = texts.flatMap((text, n) => Array.from({ length: n + 1 }, () => text));
    return [accept, ...often.flatMap((text) => [login(id, text, text), offer(id, `http://${text}/`)])];
  });
}

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it.each(recordings)('log-postgres holds the same rows as log-sqlite after importing %s', async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'ihandler-golden-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'attacks.sqlite');
    const url = `${server.url}?schema=${name.replaceAll(/\W/g, '_')}`;
    await importInto(name, logSqlite({ file }), folder);
    await importInto(name, logPostgres({ url }), folder);

    const tables = await readTables(url);
    const ours = Object.entries(tables).map(([table, rows]) => [table, rows.map(comparableRow)]);
    expect(Object.fromEntries(ours)).toEqual(sqliteTables(file));
    expect(await canonicalForest(openPostgres(url))).toEqual(await canonicalForest(await openSqlite(file)));
    for (const format of formats)
      expect(await printed(openPostgres(url), format)).toBe(await printed(await openSqlite(file), format));
    for (const command of ['tree', 'summary'])
      for (const options of [{}, { json: true }]) {
        const theirs = await run(sqliteCommands, command, file, options);
        expect(theirs.length).toBeGreaterThan(200);
        expect(comparable(await run(postgresCommands, command, url, options))).toBe(comparable(theirs));
      }

    // Again, by another hub without any state.
    await importInto(name, logPostgres({ url }), folder);
    expect(await readTables(url)).toEqual(tables);
  });

  it('log-postgres shows hostile values like log-sqlite, for all sensors and for one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ihandler-golden-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'attacks.sqlite');
    const url = `${server.url}?schema=made_up`;
    await using dispatcher = createDispatcher({
      origins: [exampleOrigins],
      journal: createMemoryJournal(),
      handlers: [{ handler: logSqlite({ file }) }, { handler: logPostgres({ url }) }],
      sensor: 'golden',
      dataDir: folder,
    });
    await dispatcher.start();
    for (const sensor of ['berlin', 'rom']) await dispatcher.report(madeUp(sensor));
    expect(await dispatcher.drain()).toEqual([]);
    for (const options of [{}, { sensor: 'berlin' }])
      for (const command of ['tree', 'summary'])
        for (const json of [false, true]) {
          const theirs = await run(sqliteCommands, command, file, { ...options, json });
          expect(comparable(await run(postgresCommands, command, url, { ...options, json }))).toBe(
            comparable(theirs),
          );
        }
    const berlin = JSON.parse(await run(postgresCommands, 'summary', url, { sensor: 'berlin', json: true }));
    expect(berlin).toMatchObject({ attacks: hosts.length, connections: hosts.length });
  });
});
