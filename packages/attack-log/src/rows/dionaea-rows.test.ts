import type { UntypedData } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import type { Row, Table } from '../index.ts';
import { accept, connection, incident } from '../testing/incidents.ts';
import { MemoryStore } from '../testing/memory-store.ts';

/** The rows of an incident of connection 1, by table, without those of `connections`. */
function rowsOf(origin: string, data: UntypedData): Partial<Record<Table, Row[]>> {
  const store = new MemoryStore();
  store.write([accept('1'), incident(`dionaea.${origin}`, { connection: connection('1'), ...data })]);
  const { connections: _, ...rows } = store.rows;
  return Object.fromEntries(Object.entries(rows).filter(([, made]) => made.length > 0));
}

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('the rows of an incident of dionaea', () => {
  it.each<[string, UntypedData, Partial<Record<Table, Row[]>>]>([
    ['download.offer', { url: bytes(0x68, 0xff, 0) }, { offers: [[1, 1, 'h\ufffd\0']] }],
    ['download.offer', { url: null }, { offers: [[1, 1, null]] }],
    ['download.complete.hash', { md5hash: 'd4', url: '' }, { downloads: [[1, 1, '', 'd4']] }],
    ['download.complete.again', { md5hash: 'd4', url: '' }, {}],
    ['service.shell.listen', { port: 1957 }, { emu_services: [[1, 1, 'bindshell://1957']] }],
    [
      'service.shell.connect',
      { host: '::1', port: 4444 },
      { emu_services: [[1, 1, 'connectbackshell://::1:4444']] },
    ],
    ['module.emu.profile', { profile: '[ 1\n]' }, { emu_profiles: [[1, 1, '[ 1\n]']] }],
    [
      'modules.python.p0f',
      {
        genre: 'Windows',
        detail: 'XP',
        link: 'dsl',
        uptime: '-1',
        tos: '0',
        dist: '11',
        nat: 'many',
        fw: '1',
      },
      { p0fs: [[1, 1, 'Windows', 'dsl', 'XP', -1, '0', 11, 'many', 1]] },
    ],
    [
      'modules.python.smb.dcerpc.bind',
      { uuid: '4b32 (SRVSVC)', transfersyntax: '8a88 (NDR)' },
      { dcerpcbinds: [[1, 1, '4b32', '8a88']] },
    ],
    [
      'modules.python.smb.dcerpc.request',
      { uuid: '4b32', opnum: 31, stub_data: 'x' },
      { dcerpcrequests: [[1, 1, '4b32', 31]] },
    ],
    [
      'modules.python.mssql.login',
      { username: 'sa', password: '', hostname: 'h', appname: 'a', cltintname: 'c' },
      { logins: [[1, 1, 'sa', '']], mssql_fingerprints: [[1, 1, 'h', 'a', 'c']] },
    ],
    [
      'modules.python.mssql.cmd',
      { status: 'complete', cmd: bytes(0x73, 0x70) },
      { mssql_commands: [[1, 1, 'complete', 'sp']] },
    ],
    [
      'modules.python.mysql.command',
      { command: 4, args: ['t', null, 7] },
      {
        mysql_commands: [[1, 1, 4]],
        mysql_command_args: [
          [1, 1, 0, 't'],
          [2, 1, 1, ''],
          [3, 1, 2, '7'],
        ],
      },
    ],
    ['modules.python.mysql.command', { command: null }, {}],
    [
      'modules.python.mqtt.subscribe',
      { subscribemessageid: 1, subscribetopic: '#' },
      { mqtt_subscribe_commands: [[1, 1, '1', '#']] },
    ],
    [
      'modules.python.sip.command',
      { method: { odd: [true] }, allow: ['INVITE', 'ACK', 'ack', 5], from: 'text', sdp: [] },
      { sip_commands: [[1, 1, '{"odd":[true]}', null, null, 35]] },
    ],
  ])('match dionaea’s for %s %j', (origin, data, expected) => {
    expect(rowsOf(origin, data)).toEqual(expected);
  });

  it('have the addresses, hops and session of a SIP command in dionaea’s order', () => {
    const address = (user: string | null) => ({
      display_name: '',
      uri: { scheme: 'sip', user, password: null, host: 'h', port: 5060, params: {}, headers: [] },
      params: {},
    });
    const rows = rowsOf('modules.python.sip.command', {
      method: bytes(0x49),
      call_id: 'id',
      user_agent: null,
      from: [address('f1'), address('f2')],
      contact: address('c'),
      to: address('t'),
      addr: address(null),
      via: [{ protocol: 'UDP', address: 'a', port: null, _params: [] }],
      allow: [],
      sdp: {
        o: {
          username: '-',
          sess_id: 1,
          sess_version: '2',
          nettype: 'IN',
          addrtype: 'IP4',
          unicast_address: 'u',
        },
        c: {
          nettype: 'IN',
          addrtype: 'IP4',
          connection_address: 'x',
          ttl: null,
          number_of_addresses: null,
        },
        m: [{ media: 'audio', port: 1, number_of_ports: null, proto: 'RTP/AVP', fmt: [0] }],
      },
    });
    expect(rows.sip_commands).toEqual([[1, 1, 'I', 'id', null, 0]]);
    expect(rows.sip_addrs?.map((row) => [row[2], row[5]])).toEqual([
      ['addr', null],
      ['to', 't'],
      ['contact', 'c'],
      ['from', 'f1'],
      ['from', 'f2'],
    ]);
    expect(rows.sip_addrs?.[0]).toEqual([1, 1, 'addr', '', 'sip', null, null, 'h', 5060]);
    expect(rows.sip_vias).toEqual([[1, 1, 'UDP', 'a', null]]);
    expect(rows.sip_sdp_origins).toEqual([[1, 1, '-', 1, '2', 'IN', 'IP4', 'u']]);
    expect(rows.sip_sdp_connectiondatas).toEqual([[1, 1, 'IN', 'IP4', 'x', null, null]]);
    expect(rows.sip_sdp_medias).toEqual([[1, 1, 'audio', 1, null, 'RTP/AVP']]);
  });

  it('contain whatever an incomplete connection has', () => {
    const store = new MemoryStore();
    const odd = incident('dionaea.connection.tcp.reject', {
      connection: { id: 7, local: null, remote: { host: bytes(0x31), port: '5' } },
    });
    const later = { ...connection('7'), remote: { host: '1', port: 5, hostname: '' } };
    store.write([odd, incident('dionaea.download.offer', { connection: later, url: 'x' })]);
    expect(store.rows.connections).toEqual([
      [1, 'reject', null, null, odd.timestamp / 1000, 1, null, null, null, '1', null, 5],
    ]);
    expect(store.rows.offers).toEqual([[1, 1, 'x']]);
  });

  it('contain a VirusTotal report without a connection: an empty result as NULL, the time as UTC', () => {
    const store = new MemoryStore();
    const report = {
      response_code: 1,
      scan_date: '2010-10-07 20:37:27',
      permalink: 'https://vt/1',
      scans: {
        A: { detected: true, result: 'Worm' },
        B: { detected: false, result: null },
        C: { result: '' },
      },
    };
    const reported = (data: UntypedData) => incident('dionaea.modules.python.virustotal.report', data);
    store.write([
      reported({ md5hash: 'd4', report }),
      reported({ md5hash: 'd4', report: { response_code: 0 } }),
      reported({ md5hash: 'd4', path: 'report.json' }),
      reported({ md5hash: 'd4', report: { ...report, scan_date: 'yesterday' } }),
    ]);
    expect(store.rows.virustotals).toEqual([
      [1, 'd4', Date.UTC(2010, 9, 7, 20, 37, 27) / 1000, 'https://vt/1'],
    ]);
    expect(store.rows.virustotalscans).toEqual([
      [1, 1, 'A', 'Worm'],
      [2, 1, 'B', null],
      [3, 1, 'C', null],
    ]);
    expect(store.skipped).toMatchObject({ other: 1, incomplete: 2 });
  });
});
