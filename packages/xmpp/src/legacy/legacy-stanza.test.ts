import { createIncident, type Incident } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import { incident as example, exampleOrigins } from '@ihandler/testkit';
import { xml } from '@xmpp/client';
import { describe, expect, it } from 'vitest';
import { dionaeaElement } from './dionaea-element.ts';
import { createLegacyConnections } from './legacy-connections.ts';
import { readLegacyStanza } from './legacy-stanza.ts';

const { misfitOf } = createOrigins([exampleOrigins]);

const connection = {
  id: 'c1',
  protocol: 'SipSession',
  transport: 'udp',
  local: { host: '192.0.2.1', port: 5060 },
  remote: { host: '198.51.100.7', port: 4000, hostname: 'x.example' },
};

const address = {
  display_name: 'Eve "<&>"',
  uri: { scheme: 'sip', user: '100', password: null, host: '192.0.2.1', port: '5060' },
};

function incidentOf(origin: string, data: object): Incident {
  // Safe: the tests pass valid data.
  return createIncident({ id: 's:1', origin, timestamp: 0, sensor: 'pot', data: data as never });
}

/** Encodes an incident as a legacy stanza and decodes it. */
function roundTrip(incident: Incident, connections = createLegacyConnections('life')) {
  const element = dionaeaElement(incident);
  if (element === undefined) throw new Error(`expected a legacy stanza for ${incident.origin}`);
  return readLegacyStanza(incident.origin, element, 'room@x/pot', connections);
}

describe('a legacy stanza', () => {
  it.each<[string, object]>([
    ['dionaea.download.offer', { url: 'http://x/?a=1&b=<2>' }],
    ['dionaea.module.emu.profile', { profile: '[{"call": "<ExitThread>"}]' }],
    ['dionaea.modules.python.smb.dcerpc.request', { uuid: 'u', opnum: 9 }],
    ['dionaea.modules.python.smb.dcerpc.bind', { uuid: 'u', transfersyntax: 't' }],
    ['dionaea.modules.python.mysql.login', { username: 'root', password: '' }],
    ['dionaea.modules.python.mysql.command', { command: 3, args: ['select 1', ''] }],
    ['dionaea.modules.python.mysql.command', { command: 1 }],
    [
      'dionaea.modules.python.p0f',
      { genre: 'Linux', link: 'ethernet', detail: '', uptime: '-1', tos: '', dist: '11', fw: '0', nat: '0' },
    ],
    [
      'dionaea.modules.python.sip.command',
      {
        method: 'INVITE',
        call_id: 'abc',
        user_agent: null,
        addr: address,
        to: address,
        contact: address,
        from: [address, { ...address, display_name: null }],
        via: [{ protocol: 'UDP', address: '198.51.100.7', port: '4000' }],
        allow: ['INVITE', 'ACK'],
        sdp: {
          o: {
            username: '-',
            sess_id: '1',
            sess_version: '2',
            nettype: 'IN',
            addrtype: 'IP4',
            unicast_address: '198.51.100.7',
          },
          c: {
            nettype: 'IN',
            addrtype: 'IP4',
            connection_address: '198.51.100.7',
            ttl: null,
            number_of_addresses: null,
          },
          m: [{ media: 'audio', port: '49170', number_of_ports: '1', proto: 'RTP/AVP' }],
        },
      },
    ],
  ])('of %s comes back as it was, but for what the old form leaves out', (origin, data) => {
    const incident = incidentOf(origin, { ...data, connection });
    expect(misfitOf(incident.origin, incident.data)).toBeUndefined();
    const found = roundTrip(incident);
    expect(found).toMatchObject({ origin, data });
    expect(misfitOf(found?.origin ?? '', found?.data ?? {})).toBeUndefined();
  });

  it('of a verdict has the engines, clean ones with no result', () => {
    const report = {
      response_code: 1,
      permalink: 'https://x/',
      scan_date: '2026-11-22 06:51:04',
      scans: { A: { result: 'Evil' }, B: { result: null } },
    };
    const incident = incidentOf('dionaea.modules.python.virustotal.report', {
      md5hash: 'abc',
      path: '',
      report,
    });
    expect(roundTrip(incident)?.data).toEqual({
      md5hash: 'abc',
      report: {
        ...report,
        scans: { A: { result: 'Evil', detected: true }, B: { result: null, detected: false } },
      },
    });
  });

  it('may reuse the number of a connection, which then means another connection', () => {
    const connections = createLegacyConnections('life');
    const say = (origin: string, data: object) => roundTrip(incidentOf(origin, data), connections)?.data;
    const id = (data: unknown) => (data as { connection: { id: string } }).connection.id;
    const first = id(say('dionaea.connection.tcp.accept', { connection }));
    expect(id(say('dionaea.download.offer', { url: 'x', connection }))).toBe(first);
    expect(id(say('dionaea.connection.free', { connection }))).toBe(first);
    const second = id(say('dionaea.connection.tcp.accept', { connection }));
    expect(second).not.toBe(first);
    expect(id(say('dionaea.download.offer', { url: 'x', connection }))).toBe(second);
    connections.forget('room@x/pot');
    expect([first, second]).not.toContain(id(say('dionaea.download.offer', { url: 'x', connection })));
  });

  it('may refer to a connection before it is announced', () => {
    const connections = createLegacyConnections('life');
    const link = roundTrip(
      incidentOf('dionaea.connection.link', { parent: { ...connection, id: 'c0' }, child: connection }),
      connections,
    );
    const announced = roundTrip(incidentOf('dionaea.connection.tcp.connect', { connection }), connections);
    const { child } = link?.data ?? {};
    expect(announced?.data).toMatchObject({ connection: { remote: connection.remote } });
    // Safe: that is what a link and what announces a connection have.
    const [named, known] = [child, announced?.data['connection']] as { id: string }[];
    expect(known?.id).toBe(named?.id);
  });

  it('links announced connections, with the data of both', () => {
    const connections = createLegacyConnections('life');
    const child = { ...connection, id: 'c2', local: { host: '192.0.2.1', port: 4444 } };
    for (const each of [connection, child])
      roundTrip(incidentOf('dionaea.connection.tcp.accept', { connection: each }), connections);
    const link = roundTrip(incidentOf('dionaea.connection.link', { parent: connection, child }), connections);
    expect(link?.data).toMatchObject({
      parent: { local: connection.local },
      child: { local: child.local },
    });
  });

  it.each([
    [
      'a reference that is not a number',
      xml('offer', { url: 'x', ref: 'abc' }),
      /an integer in the attribute ref/,
    ],
    ['no reference', xml('offer', { url: 'x' }), /the attribute ref, found none/],
    ['no URL', xml('offer', { ref: '1' }), /the attribute url, found none/],
    ['an invalid number', xml('dcerpcrequest', { uuid: 'u', opnum: 'x', ref: '1' }), /attribute opnum/],
  ])('is invalid with %s', (_, element, message) => {
    expect(() =>
      readLegacyStanza('dionaea.download.offer', element, 'o', createLegacyConnections('life')),
    ).toThrow(message);
  });

  it('is ignored if it contains a sample or an unknown element', () => {
    for (const name of ['file', 'novelty'])
      expect(
        readLegacyStanza('x.y', xml(name, { md5_hash: 'a' }), 'o', createLegacyConnections('life')),
      ).toBeUndefined();
  });

  it('does not exist for origins that dionaea never sent', () => {
    for (const origin of ['dionaea.modules.python.mssql.login', 'dionaea.service.shell.listen'] as const)
      expect(dionaeaElement(example(origin))).toBeUndefined();
  });
});
