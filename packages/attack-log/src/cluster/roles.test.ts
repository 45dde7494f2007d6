import type { Incident, UntypedData } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import { describe, expect, it } from 'vitest';
import { connectionKey, type Row, type Table } from '../index.ts';
import { accept, connection, incident, link } from '../testing/incidents.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { acmeOrigins } from '../testing/outside-sensor.ts';

const session = connection('1');
const start = (id = '1') => incident('acme.session.start', { session: connection(id), kind: 'accept' });
const acme = (origin: string, data: UntypedData) => incident(`acme.${origin}`, { session, ...data });
const sha256 = 'a'.repeat(64);

function storeOf(...batches: Incident[][]): MemoryStore {
  const store = new MemoryStore(100, acmeOrigins);
  for (const batch of batches) store.write(batch);
  return store;
}

/** The rows of all tables but `connections`, without their times. */
function rowsIn(store: MemoryStore): Partial<Record<Table, Row[]>> {
  const rows = Object.entries(store.rows).filter(
    ([table, made]) => made.length > 0 && table !== 'connections',
  );
  const timed = (cell: unknown) => typeof cell === 'number' && cell > 1_600_000_000;
  return Object.fromEntries(
    rows.map(([table, made]) => [table, made.map((row) => row.filter((cell) => !timed(cell)))]),
  );
}

describe('an incident of a sensor from outside', () => {
  it.each<[string, UntypedData, Partial<Record<Table, Row[]>>]>([
    [
      'try',
      { user: 'root', pass: '123', result: 'success' },
      { logins: [[1, 1, 'root', '123']], ihandler_login_outcomes: [[1, 1, 1, 'success', null, null]] },
    ],
    ['try', { user: 'root', pass: null }, { logins: [[1, 1, 'root', null]] }],
    [
      'try',
      { user: 'x', way: 'key', print: '00:11' },
      { logins: [[1, 1, 'x', null]], ihandler_login_outcomes: [[1, 1, 1, 'unknown', 'key', '00:11']] },
    ],
    ['typed', { line: 'id', result: 'failure' }, { ihandler_commands: [[1, 1, 'shell', 'id', 'failure']] }],
    [
      'asked',
      { verb: 'GET', what: '/', code: 404 },
      { ihandler_requests: [[1, 1, 'GET', '/', null, null, 404]] },
    ],
    ['fetch', { url: 'http://192.0.2.9/x' }, { offers: [[1, 1, 'http://192.0.2.9/x']] }],
    [
      'fetch',
      { url: 'http://192.0.2.9/x', hash: sha256, bytes: 7, as: 'x' },
      {
        offers: [[1, 1, 'http://192.0.2.9/x']],
        downloads: [[1, 1, 'http://192.0.2.9/x', null]],
        ihandler_downloads: [[1, 1, 1, sha256, 7, 'x', null]],
      },
    ],
    [
      'fetch',
      { hash: sha256 },
      { downloads: [[1, 1, '', null]], ihandler_downloads: [[1, 1, 1, sha256, null, null, null]] },
    ],
    [
      'client',
      { banner: 'SSH-2.0-x', kex: ['a', 'b'] },
      { ihandler_clients: [[1, 1, 'ssh', 'SSH-2.0-x', null, '{"kex":["a","b"]}']] },
    ],
    ['exploit', { cve: 'CVE-1', proof: 'x' }, { ihandler_exploits: [[1, 1, 'CVE-1', 'x']] }],
    ['shell', { address: 'bindshell://1' }, { emu_services: [[1, 1, 'bindshell://1']] }],
    ['tunnelled', { bytes: Uint8Array.of(0x68, 0xff) }, { ihandler_messages: [[1, 1, null, 'h\ufffd']] }],
    ['recorded', { hash: sha256, lasted: 2 }, { ihandler_ttys: [[1, 1, sha256, null, 2, null]] }],
    ['session.end', { lasted: '2.5' }, { ihandler_closes: [[1, 1, 2.5]] }],
  ])('becomes rows by its roles: %s %j', (origin, data, expected) => {
    const incidents = [start(), acme(origin, data)];
    expect(rowsIn(storeOf(incidents))).toEqual(expected);
    // It waits for a connection that is announced later, in this batch or another one.
    expect(rowsIn(storeOf([...incidents].reverse()))).toEqual(expected);
    expect(rowsIn(storeOf([incidents[1] as Incident], [incidents[0] as Incident]))).toEqual(expected);
  });

  it('with a verdict needs no connection', () => {
    const store = storeOf([
      incident('acme.judged', { hash: sha256, bad: 3, all: 70, names: ['x'], at: 1000 }),
    ]);
    expect(rowsIn(store)).toEqual({ ihandler_verdicts: [[1, sha256, null, 3, 70, '["x"]', null, 1]] });
  });

  it('is linked by its roles, wherever its data has the ends', () => {
    const store = storeOf(
      [incident('acme.tunnel', { from: connection('1'), to: connection('2') }), start('2')],
      [start('1')],
    );
    expect(store.place(1)).toEqual({ root: 2, parent: 2 });
  });

  it('that has no row otherwise is kept as an event, with its origin and data', () => {
    const store = storeOf([
      start(),
      incident('acme.session.resized', { connection: session, width: 80, raw: Uint8Array.of(0x41) }),
      incident('other.thing', { connection: session, text: 'x' }),
      incident('dionaea.module.emu.mkshell', { connection: session }),
      incident('dionaea.download.complete.again', { connection: session }),
      incident('ihandler.sample.stored', { connection: session }),
    ]);
    expect(rowsIn(store)).toEqual({
      ihandler_events: [
        [1, 1, 'acme.session.resized', '{"width":80,"raw":"A"}'],
        [2, 1, 'other.thing', '{"text":"x"}'],
        [3, 1, 'dionaea.module.emu.mkshell', '{}'],
      ],
    });
    expect(store.skipped.other).toBe(2);
  });

  it('of an unknown sensor does not wait for a connection that may never be announced', () => {
    const store = storeOf([incident('other.thing', { connection: session })]);
    expect([store.waiting.size, store.skipped.other]).toEqual([0, 1]);
  });

  it('announces its connection if its sensor announces none', () => {
    const store = storeOf(
      [incident('quiet.login', { connection: session, user: 'a' })],
      [
        incident('quiet.login', { connection: session, user: 'b' }),
        incident('quiet.tunnel', { parent: session, child: connection('2') }),
        incident('quiet.more', { connection: connection('3') }),
      ],
    );
    expect(store.rows.connections.map(([key, type, , , , root]) => [key, type, root])).toEqual([
      [1, 'accept', 1],
      [2, 'connect', 1],
      [3, 'accept', 3],
    ]);
    expect(store.rows.logins.map(([, row, user]) => [row, user])).toEqual([
      [1, 'a'],
      [1, 'b'],
    ]);
    expect(store.rows.ihandler_events).toHaveLength(1);
  });

  it('waits if its sensor announces connections, and this one was lost', () => {
    const store = storeOf([acme('typed', { line: 'id' })]);
    expect([store.rows.connections.length, store.waiting.size]).toEqual([0, 1]);
  });
});

describe('an incident of dionaea', () => {
  const declared = createOrigins([
    {
      origins: {
        'dionaea.download.complete.hash': {
          level: 'info',
          description: '',
          roles: { capture: { md5: 'md5hash', sha256: 'sha256hash', url: 'url', file: 'file' } },
        },
        'dionaea.modules.python.ftp.command': {
          level: 'info',
          description: '',
          roles: { command: { input: 'command', realm: { value: 'ftp' } } },
        },
        'dionaea.modules.python.printer.print': {
          level: 'info',
          description: '',
          roles: { capture: { file: 'path' } },
        },
        'dionaea.modules.python.ftp.login': {
          level: 'info',
          description: '',
          roles: { login: { username: 'username', method: { value: 'password' } } },
        },
      },
    },
  ]);

  it('has rows in our tables only where they tell more than its own', () => {
    const store = new MemoryStore(100, declared);
    const of = (origin: string, data: UntypedData) =>
      incident(`dionaea.${origin}`, { connection: session, ...data });
    store.write([
      accept('1'),
      of('modules.python.ftp.login', { username: 'a', password: 'b' }),
      of('modules.python.ftp.command', { command: 'PASV' }),
      of('download.complete.hash', { url: '', md5hash: 'd'.repeat(32), file: '/x' }),
      of('download.complete.hash', { url: '', md5hash: 'e'.repeat(32), file: '/y', sha256hash: sha256 }),
      of('modules.python.printer.print', { path: '/tmp/job' }),
      of('connection.free', {}),
    ]);
    expect(rowsIn(store)).toEqual({
      logins: [[1, 1, 'a', 'b']],
      ihandler_commands: [[1, 1, 'ftp', 'PASV', 'unknown']],
      downloads: [
        [1, 1, '', 'd'.repeat(32)],
        [2, 1, '', 'e'.repeat(32)],
      ],
      ihandler_downloads: [
        [1, 1, 2, sha256, null, null, '/y'],
        [2, 1, null, null, null, null, '/tmp/job'],
      ],
    });
  });

  it('about connections is understood without the package that declares it', () => {
    const store = new MemoryStore();
    store.write([accept('1'), accept('2'), link('1', '2')]);
    expect(store.place(store.rowOf(connectionKey('s', '2')) ?? 0)).toEqual({ root: 1, parent: 1 });
  });
});
