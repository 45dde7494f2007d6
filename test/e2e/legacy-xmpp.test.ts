import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatAttack } from '@ihandler/attack-log';
import { createDispatcher, createMemoryJournal, type Handler } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import logSqlite, { openAttackReader } from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import xmpp from '@ihandler/xmpp';
import xmppSource from '@ihandler/xmpp/source';
import { xml } from '@xmpp/client';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { until } from '../support/host/until.ts';
import { describeService } from '../support/servers/available.ts';
import { type Prosody, startProsody } from '../support/servers/prosody.ts';
import { createBackend } from '../support/xmpp/backend.ts';
import { joinRoom } from '../support/xmpp/legacy-client.ts';
import { sendAttack } from '../support/xmpp/reported-attack.ts';

// The client library needs seconds to authenticate on a busy machine.
vi.setConfig({ testTimeout: 90_000 });

type Rows = readonly Record<string, string | number | null>[];

describeService('prosody', () => {
  let server: Prosody;
  let rooms = 0;
  let room = '';
  let folder = '';
  beforeAll(async () => {
    server = await startProsody({ pot: 'one', hub: 'two' });
  });
  afterAll(() => server.stop());
  beforeEach(() => {
    rooms += 1;
    room = `anon-events${rooms}@rooms.localhost`;
    folder = mkdtempSync(join(tmpdir(), 'ihandler-old-'));
    return () => rmSync(folder, { recursive: true, force: true });
  });

  const pot = (nick = 'pot-resource') => ({
    url: server.url,
    user: 'pot',
    password: 'one',
    room,
    nick,
  });

  async function host(handler: Handler) {
    const journal = createMemoryJournal();
    const dispatcher = createDispatcher({
      origins: [exampleOrigins],
      journal,
      handlers: [{ handler }],
      sensor: 'golden',
      dataDir: folder,
    });
    onTestFinished(() => dispatcher.close());
    await dispatcher.start();
    return dispatcher;
  }

  /** The rows of a query. */
  function rows(file: string, sql: string): Rows {
    const database = new Database(file, { readonly: true });
    try {
      return database.prepare<[], Rows[number]>(sql).all();
    } finally {
      database.close();
    }
  }

  /** Starts a hub in the room that stores the messages it receives in a database. */
  async function hub() {
    const file = join(folder, 'heard.sqlite');
    const dispatcher = await host(logSqlite({ file }));
    const account = { url: server.url, username: 'hub@localhost', password: 'two' };
    const source = xmppSource({ ...account, rooms: [room], from: 'beginning' });
    const end = new AbortController();
    const running = dispatcher.run(source, { signal: end.signal });
    onTestFinished(async () => {
      end.abort();
      await running;
    });
    return {
      rows: (sql: string) => rows(file, sql),
      /** Resolves when this many incidents are stored. */
      async heard(count: number) {
        await until(() => (dispatcher.sources()[0]?.accepted ?? 0) >= count);
        expect(await dispatcher.drain()).toEqual([]);
        expect(dispatcher.sources()).toMatchObject([{ accepted: count, rejected: 0, misfits: 0 }]);
      },
      async trees() {
        let text = '';
        const reader = await openAttackReader(file);
        for await (const attack of reader.attacks()) text += formatAttack(attack, { utc: true });
        await reader.close();
        return text;
      },
    };
  }

  it('Prosody rejects clients that join without XEP-0045, so a very old dionaea needs a newer client', async () => {
    await (await joinRoom(pot('first'))).leave();
    await expect(joinRoom({ ...pot(), groupchat10: true })).rejects.toThrow('item-not-found');
  });

  it('an attack that a legacy dionaea publishes becomes the correct rows and tree', async () => {
    const heard = await hub();
    const sensor = await joinRoom(pot());
    await heard.heard(await sendAttack(sensor));
    expect(
      heard.rows(
        `SELECT c.connection_type AS type, c.connection_protocol AS protocol, c.remote_port AS port,
          p.connection_protocol AS parent, r.connection_protocol AS root
          FROM connections AS c LEFT JOIN connections AS p ON p.connection = c.connection_parent
          JOIN connections AS r ON r.connection = c.connection_root ORDER BY c.connection`,
      ),
    ).toEqual([
      { type: 'accept', protocol: 'smbd', port: 47650, parent: null, root: 'smbd' },
      { type: 'listen', protocol: 'remoteshell', port: 0, parent: 'smbd', root: 'smbd' },
      { type: 'accept', protocol: 'remoteshell', port: 2135, parent: 'remoteshell', root: 'smbd' },
      { type: 'connect', protocol: 'ftpctrl', port: 8218, parent: 'remoteshell', root: 'smbd' },
      { type: 'accept', protocol: 'mysqld', port: 4711, parent: null, root: 'mysqld' },
      { type: 'connect', protocol: 'SipSession', port: 5060, parent: null, root: 'SipSession' },
    ]);
    expect(heard.rows('SELECT p0f_genre, p0f_detail, p0f_uptime FROM p0fs')).toEqual([
      { p0f_genre: 'Windows', p0f_detail: 'XP SP1+, 2000 SP3', p0f_uptime: -1 },
    ]);
    expect(heard.rows('SELECT emu_profile_json FROM emu_profiles')).toEqual([
      { emu_profile_json: "[{'call': 'WSASocket', 'args': ['2', '1'], 'return': '66'}]" },
    ]);
    expect(heard.rows('SELECT dcerpcbind_uuid FROM dcerpcbinds')).toHaveLength(1);
    expect(heard.rows('SELECT dcerpcrequest_opnum FROM dcerpcrequests')).toEqual([
      { dcerpcrequest_opnum: 9 },
    ]);
    expect(heard.rows('SELECT login_username, login_password FROM logins')).toEqual([
      { login_username: 'root', login_password: 'é<&>"' },
    ]);
    expect(
      heard.rows(
        `SELECT mysql_command_cmd AS cmd, mysql_command_arg_index AS n, mysql_command_arg_data AS data
          FROM mysql_commands LEFT JOIN mysql_command_args USING (mysql_command) ORDER BY mysql_command, n`,
      ),
    ).toEqual([
      { cmd: 1, n: null, data: null },
      { cmd: 3, n: 0, data: 'select @@version' },
      { cmd: 3, n: 1, data: '' },
    ]);
    expect(
      heard.rows(
        'SELECT sip_command_method AS method, sip_command_user_agent AS agent, sip_command_allow AS allow FROM sip_commands',
      ),
    ).toEqual([{ method: 'INVITE', agent: null, allow: 34 }]);
    expect(heard.rows('SELECT sip_addr_type AS type, sip_addr_uri_host AS host FROM sip_addrs')).toEqual(
      ['addr', 'to', 'contact', 'from'].map((type) => ({ type, host: '127.0.0.1' })),
    );
    expect(heard.rows('SELECT sip_sdp_media_port AS port FROM sip_sdp_medias')).toEqual([{ port: '49170' }]);
    expect(
      heard.rows(
        `SELECT v.virustotal_md5_hash AS md5, v.virustotal_timestamp AS at, s.virustotalscan_scanner AS scanner,
          s.virustotalscan_result AS result FROM virustotals AS v JOIN virustotalscans AS s USING (virustotal)`,
      ),
    ).toEqual([
      {
        md5: '78c9042bbcefd65beaa0d40386da9f89',
        at: 1274440000,
        scanner: 'nProtect',
        result: 'Worm/W32.Kolabc',
      },
      { md5: '78c9042bbcefd65beaa0d40386da9f89', at: 1274440000, scanner: 'Clean', result: null },
    ]);
    expect(
      heard.rows(
        'SELECT o.offer_url, d.download_url, d.connection FROM offers AS o JOIN downloads AS d USING (connection)',
      ),
    ).toEqual([
      {
        offer_url: 'ftp://1:1@93.177.176.190:8218/ssms.exe',
        download_url: 'ftp://1:1@93.177.176.190:8218/ssms.exe',
        connection: 3,
      },
    ]);
    expect((await heard.trees()).match(/ftpctrl/g)).toHaveLength(1);
  });

  it('a reused number after free is another connection, and so is a number of a new occupant under a freed name', async () => {
    const heard = await hub();
    const accept = (port: number) =>
      xml('connection', {
        type: 'accept',
        transport: 'tcp',
        protocol: 'httpd',
        local_host: '127.0.0.1',
        local_port: '80',
        remote_host: '198.51.100.7',
        remote_hostname: '',
        remote_port: String(port),
        ref: '7',
      });
    const offer = (url: string) => xml('offer', { url, ref: '7' });
    const first = await joinRoom(pot('same'));
    await first.send('dionaea.connection.tcp.accept', accept(1));
    await first.send('dionaea.download.offer', offer('one'));
    await first.send('dionaea.connection.free', xml('connection', { ref: '7' }));
    await first.send('dionaea.connection.tcp.accept', accept(2));
    await first.send('dionaea.download.offer', offer('two'));
    await heard.heard(5);
    await first.leave();
    const second = await joinRoom(pot('same'));
    // It belongs to no connection, because this sensor has not announced one yet.
    await second.send('dionaea.download.offer', offer('unknown'));
    await second.send('dionaea.connection.free', xml('connection', { ref: '7' }));
    await second.send('dionaea.connection.tcp.accept', accept(3));
    await second.send('dionaea.download.offer', offer('three'));
    await heard.heard(9);
    expect(
      heard.rows(
        'SELECT remote_port AS port, offer_url AS url FROM connections LEFT JOIN offers USING (connection)',
      ),
    ).toEqual([
      { port: 1, url: 'one' },
      { port: 2, url: 'two' },
      { port: 3, url: 'three' },
    ]);
  });

  it.each(['dionaea-a/log_incident.ndjson', 'dionaea-c/log_incident.ndjson', 'seed-attack.ndjson'])(
    "the handler xmpp makes dionaea's backend write the rows of %s",
    async (recording) => {
      const backend = createBackend();
      const end = 'dionaea.download.offer';
      let isOver = false;
      await joinRoom(
        { url: server.url, user: 'hub', password: 'two', room, nick: 'hub-backend' },
        {
          ...backend,
          received: (stanza) => {
            if (stanza.incident === end && stanza.element.attrs['url'] === 'the end') isOver = true;
            else backend.received?.(stanza);
          },
        },
      );
      const local = join(folder, 'local.sqlite');
      const file = fileURLToPath(new URL(`../recordings/${recording}`, import.meta.url));
      const own = await host(logSqlite({ file: local }));
      await own.run(dionaea({ file }));
      expect(await own.drain()).toEqual([]);
      const account = { url: server.url, username: 'pot@localhost', password: 'one' };
      const sensor = await host(xmpp({ ...account, rooms: [{ room, mask: false }] }));
      await sensor.run(dionaea({ file }));
      expect(await sensor.drain()).toEqual([]);
      const last = await joinRoom(pot('last'));
      await last.send(end, xml('offer', { url: 'the end', ref: '1' }));
      await until(() => isOver);

      const written = (table: string) => backend.tables.get(table) ?? [];
      const text = (row: Rows[number]) =>
        JSON.stringify(
          Object.entries(row).map(([column, value]) => [column, value === null ? '' : String(value)]),
        );
      /** The values that identify the connection of a row in both databases. */
      const place = [
        'connection_type',
        'connection_transport',
        'connection_protocol',
        'local_host',
        'local_port',
        'remote_host',
        'remote_port',
        'remote_hostname',
      ];
      const connections = written('connections');
      expect(
        connections.map((row) => text(Object.fromEntries(place.map((key) => [key, row[key] ?? ''])))).sort(),
      ).toEqual(
        rows(local, `SELECT ${place.join()} FROM connections WHERE connection_type <> 'pending'`)
          .map(text)
          .sort(),
      );
      expect(connections.length).toBeGreaterThan(50);

      const compared: Readonly<Record<string, string>> = {
        offers: '',
        downloads: '',
        emu_profiles: '',
        dcerpcbinds: '',
        dcerpcrequests: '',
        p0fs: '',
        mysql_commands: '',
        sip_commands: '',
        logins: "WHERE connection_protocol = 'mysqld'",
      };
      let count = 0;
      for (const [table, where] of Object.entries(compared)) {
        const found = written(table).map(({ connection, ...row }) => {
          const { remote_host = '', remote_port = '' } = connections[Number(connection) - 1] ?? {};
          return { remote_host, remote_port, ...row };
        });
        const columns = Object.keys(found[0] ?? { '1': 1 }).join();
        const expected = rows(
          local,
          `SELECT ${columns} FROM ${table} JOIN connections USING (connection) ${where}`,
        );
        expect(found.map(text).sort()).toEqual(expected.map(text).sort());
        count += found.length;
      }
      expect(count).toBeGreaterThan(40);
    },
  );
});
