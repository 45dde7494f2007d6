import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createDispatcher, createMemoryJournal } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import { openAttackReader as openPostgres } from '@ihandler/log-postgres';
import logSqlite, { openAttackReader as openSqlite } from '@ihandler/log-sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { canonicalForest } from '../../packages/log-postgres/src/test-support/canonical-forest.ts';
import { query } from '../../packages/log-postgres/src/test-support/query.ts';
import type { HostProcess } from '../hosts/host-process.ts';
import { installProgram } from '../hosts/install-program.ts';
import { describeService } from '../services/available.ts';
import { startNats } from '../services/nats.ts';
import { startPostgres } from '../services/postgres.ts';
import { startProsody } from '../services/prosody.ts';
import { killAtRandom, seededRandom, type Victim } from './killing.ts';
import { sensorFile } from './sensor-file.ts';
import { fileOf, SENSORS, type Servers, threeSensors, XMPP_USERS } from './three-sensors.ts';

/** `npm run test:hubs` takes ten times as many. */
const INCIDENTS = Number(process.env['IHANDLER_HUBS_INCIDENTS'] ?? 6000);
const SEED = Number(process.env['IHANDLER_HUBS_SEED'] ?? Date.now() % 1_000_000);
const KILLS = Math.ceil(INCIDENTS / 500);
const EVERY = 600;
const PACKAGES = ['dionaea', 'forward', 'http', 'journal-sqlite', 'log-postgres', 'nats', 'xmpp'];

/** The whole forest of a sensor, as it is written where nothing is killed and nothing is between. */
async function localForest(file: string, sensor: string, folder: string): Promise<readonly unknown[]> {
  const database = join(folder, `${sensor}.sqlite`);
  await using dispatcher = createDispatcher({
    journal: createMemoryJournal(),
    handlers: [{ handler: logSqlite({ file: database }) }],
    sensor,
    dataDir: folder,
  });
  await dispatcher.start();
  await dispatcher.run(dionaea({ file }));
  expect(await dispatcher.drain()).toEqual([]);
  await dispatcher.close();
  return canonicalForest(await openSqlite(database));
}

function describeAll(suite: () => void): void {
  describeService('postgres', () => describeService('nats-server', () => describeService('prosody', suite)));
}

describeAll(() => {
  let folder = '';
  let servers: Servers | undefined;
  let hosts: readonly HostProcess[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ihandler-hubs-'));
    // An archive keeps 10,000 messages of a room unless it is told otherwise.
    const [program, postgres, nats, prosody] = await Promise.all([
      installProgram(folder, PACKAGES),
      startPostgres(),
      startNats(),
      startProsody(XMPP_USERS, 'storage_archive_item_limit = 1000000'),
    ]);
    servers = { postgres, nats, prosody };
    hosts = await threeSensors(program, folder, servers);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(hosts.map((host) => host.kill()));
    await Promise.all(Object.values(servers ?? {}).map((server) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  async function storedIncidents(): Promise<number> {
    const url = servers?.postgres.url ?? '';
    const [row] = await query<{ count: number }>(url, 'SELECT count(*)::int FROM dionaea.ihandler_ids').catch(
      () => [],
    );
    return row?.count ?? 0;
  }

  it(`two hubs store ${INCIDENTS} incidents of three sensors once, whatever is killed (seed ${SEED})`, async () => {
    if (servers === undefined) throw new Error('expected servers');
    const files = await Promise.all(
      SENSORS.map((sensor) => sensorFile(fileOf(folder, sensor), INCIDENTS / SENSORS.length)),
    );
    const all = files.reduce((sum, { incidents }) => sum + incidents, 0);
    for (const host of hosts) host.start();
    const victims: Victim[] = [
      ...hosts,
      ...Object.entries(servers).map(([name, { kill, start }]) => ({ name: `server ${name}`, kill, start })),
    ];
    const kinds = new Set(victims.map(({ name }) => name));
    expect(kinds.size).toBe(8);
    const killing = killAtRandom(victims, { kills: KILLS, every: EVERY, random: seededRandom(SEED) });
    const steps = 40;
    for (let step = 1; step <= steps; step += 1) {
      for (const file of files) file.writeUpTo(step / steps);
      await pause((KILLS * EVERY) / steps);
    }
    const killed = await killing;
    expect(Math.min(...Object.values(killed))).toBeGreaterThan(0);

    let [count, since] = [0, performance.now()];
    while (count < all && performance.now() - since < 90_000) {
      const now = await storedIncidents();
      if (now !== count) [count, since] = [now, performance.now()];
      await pause(200);
    }
    const told = hosts.map((host) => `=== ${host.name} (${host.failed()})\n${host.said()}`).join('\n');
    expect(count, told).toBe(all);
    const { url } = servers.postgres;
    const forest = await canonicalForest(openPostgres(url));
    const expected = await Promise.all(
      SENSORS.map((name) => localForest(fileOf(folder, name), name, folder)),
    );
    expect(forest).toEqual(sorted(expected.flat()));
    // Nothing comes afterwards, and nobody gave anything up.
    expect(await storedIncidents()).toBe(all);
    expect(hosts.map(({ name, failed }) => [name, failed()])).toEqual(
      hosts.map(({ name }) => [name, undefined]),
    );
  }, 600_000);
});

function sorted(attacks: unknown[]): unknown[] {
  const texts = new Map(attacks.map((attack) => [attack, JSON.stringify(attack)]));
  return attacks.sort((a, b) => ((texts.get(a) ?? '') < (texts.get(b) ?? '') ? -1 : 1));
}
