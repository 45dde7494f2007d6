import { join } from 'node:path';
import { createIncident, defineHandler, type IncidentOf } from '@ihandler/core';
import logSqlite from '@ihandler/log-sqlite';
import Database from 'better-sqlite3';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { cowrie } from '../support/cowrie/cowrie-source.ts';
import { incidentsOf, newFolder, recording, start } from '../support/cowrie/reading.ts';

describe('the log of another honeypot', () => {
  it('becomes incidents with its own origins, in the order of the file', async () => {
    const got = await incidentsOf(recording);
    expect(got.map(({ origin }) => origin.replace('cowrie.', ''))).toEqual([
      ...[
        'session.connect',
        'client.version',
        'login.failed',
        'login.success',
        'command.input',
        'session.closed',
      ],
      ...[
        'session.connect',
        'login.success',
        'command.input',
        'session.file_download',
        'session.file_download',
      ],
      ...['session.closed', 'session.connect', 'login.success', 'session.file_download', 'session.closed'],
      ...['session.connect', 'login.failed', 'login.success', 'command.input', 'session.closed'],
      ...['session.file_download', 'command.input'],
    ]);
    expect(new Set(got.map(({ sensor }) => sensor))).toEqual(new Set(['honeypot-1']));
    expect(got.every(({ misfit }) => misfit === undefined)).toBe(true);
  });

  it('keeps microseconds in any time zone', async () => {
    const [first, second] = await incidentsOf(recording);
    expect(first?.timestamp).toBe(Date.parse('2016-03-02T08:15:01Z') + 120.543);
    expect((second?.timestamp ?? 0) - (first?.timestamp ?? 0)).toBeCloseTo(180.579, 3);
  });

  it('gives every event of a session its connection, although only the first event has it', async () => {
    const got = await incidentsOf(recording);
    const logins = got.filter(({ origin }) => origin === 'cowrie.login.success');
    expect(logins.map(({ data }) => data['connection'])).toMatchObject([
      {
        id: '5f1c09ab',
        protocol: 'ssh',
        local: { port: 2222 },
        remote: { host: '198.51.100.16', port: 51234 },
      },
      { id: '0a1b2c3d4e5f', protocol: 'telnet', local: { port: 2223 }, remote: { port: 40023 } },
      { id: '9e8d7c6b5a40', remote: { host: '2001:db8::77', port: 60606, hostname: '' } },
      { id: 'c0ffee123456', transport: 'tcp', local: { host: '192.0.2.10', port: 22 } },
    ]);
  });

  it('gives the known part of the connection for a session that began in the previous file', async () => {
    const got = await incidentsOf(recording);
    expect(got.at(-1)?.data).toEqual({
      connection: {
        id: '0123456789ab',
        protocol: '',
        transport: 'tcp',
        local: { host: '', port: 0 },
        remote: { host: '192.0.2.250', port: 0, hostname: '' },
      },
      input: 'exit',
    });
  });

  it('has durations in milliseconds for every version of the format', async () => {
    const durations: (number | undefined)[] = [];
    const handler = defineHandler({
      name: 'durations',
      on: { 'cowrie.session.closed': ({ data }) => void durations.push(data.milliseconds) },
    });
    const dispatcher = await start([handler]);
    await dispatcher.run(cowrie({ file: recording }));
    await dispatcher.drain();
    expect(durations).toEqual([3879.457, 13400.4, 120_000, 4000]);
  });

  it('may contain equal lines: each becomes its own incident', async () => {
    const got = await incidentsOf(recording);
    const [first, second] = got.filter(({ data }) => data['url'] === 'http://203.0.113.99/bins.sh');
    expect(second?.data).toEqual(first?.data);
    expect(second?.id).not.toBe(first?.id);
  });

  it('stays data, whatever text attackers sent', async () => {
    const got = await incidentsOf(recording);
    expect(
      got.filter(({ origin }) => origin === 'cowrie.login.failed').map(({ data }) => data),
    ).toMatchObject([
      { username: 'root', password: '123456' },
      { username: 'root\\x00', password: "'; drop table logins; --" },
    ]);
    expect(got.map(({ data }) => data['password'])).toContain('\u001b[2J\u202etoor');
  });
});

describe('origins that core does not know', () => {
  it('have their declared types, which narrow on the origin', () => {
    type Login = IncidentOf<'cowrie.login.*'>;
    expectTypeOf<Login['origin']>().toEqualTypeOf<'cowrie.login.success' | 'cowrie.login.failed'>();
    expectTypeOf<Login['data']['password']>().toEqualTypeOf<string | undefined>();
    expectTypeOf<IncidentOf<'cowrie.command.*'>['data']['input']>().toEqualTypeOf<string>();
    expectTypeOf<IncidentOf<'cowrie.logn.*'>>().toBeNever();
  });

  it('reach listeners by their globs and "*"', async () => {
    const heard = new Map<string, number>();
    const hear = (glob: string) => () => void heard.set(glob, (heard.get(glob) ?? 0) + 1);
    const passwords: string[] = [];
    const handler = defineHandler({
      name: 'one',
      on: {
        'cowrie.login.*': ({ data }) => void passwords.push(`${data.username}:${data.password ?? '(key)'}`),
        'cowrie.*': hear('cowrie.*'),
        'cowrie.session.connect': hear('cowrie.session.connect'),
        '*': hear('*'),
        // Known origins match these, so unknown origins do not reach them.
        'dionaea.*': hear('dionaea.*'),
        '*.connect': hear('*.connect'),
      },
    });
    const dispatcher = await start([handler]);
    expect(await dispatcher.run(cowrie({ file: recording }))).toEqual({
      accepted: 23,
      known: 0,
      rejected: 3,
      misfits: 0,
      unknown: 23,
    });
    await dispatcher.drain();
    expect(Object.fromEntries(heard)).toEqual({ 'cowrie.*': 23, 'cowrie.session.connect': 4, '*': 23 });
    expect(passwords.slice(0, 4)).toEqual(['root:123456', 'root:admin', 'admin:', 'pi:(key)']);
  });

  it('reach the same listeners when another handler reports them', async () => {
    const heard: string[] = [];
    const verdict = defineHandler({
      name: 'verdict',
      reports: {
        'cowrie.verdict.made': {
          '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
        },
      },
      on: { 'cowrie.session.closed': (_, context) => context.report('cowrie.verdict.made', {}) },
    });
    const listener = defineHandler({
      name: 'listener',
      accepts: ['cowrie.*'],
      write: (batch) => void heard.push(...batch.map(({ origin }) => origin)),
    });
    const dispatcher = await start([verdict, listener]);
    await dispatcher.run(cowrie({ file: recording }));
    await dispatcher.drain();
    expect(heard.filter((origin) => origin === 'cowrie.verdict.made')).toHaveLength(4);
    expect(heard).toHaveLength(23 + 4);
  });

  it('leave a database of dionaea intact, which stores only its own rows', async () => {
    const file = join(newFolder(), 'attacks.sqlite');
    const dispatcher = await start([logSqlite({ file })]);
    await dispatcher.run(cowrie({ file: recording }));
    const connection = {
      id: 'c0ffee123456',
      protocol: 'smbd',
      transport: 'tcp',
      local: { host: '192.0.2.1', port: 445 },
      remote: { host: '198.51.100.7', port: 40_000, hostname: '' },
    };
    const origin = 'dionaea.connection.tcp.accept';
    await dispatcher.report([
      createIncident({ id: 's:1', origin, timestamp: 0, sensor: 'pot', data: { connection } }),
    ]);
    expect(await dispatcher.drain()).toEqual([]);
    expect(dispatcher.status()).toMatchObject([{ counts: { delivered: 24, dead: 0 }, pending: 0 }]);
    await dispatcher.close();
    const database = new Database(file, { readonly: true });
    expect(database.prepare('select connection_protocol from connections').pluck().all()).toEqual(['smbd']);
    expect(database.prepare('select count(*) from logins').pluck().get()).toBe(0);
    database.close();
  });
});
