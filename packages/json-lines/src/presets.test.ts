import { readFileSync } from 'node:fs';
import { type Incident, silentLog } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import { createLineReader, createSessions } from '@ihandler/source-kit';
import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, it } from 'vitest';
import { declaredOrigins } from './declared-origins.ts';
import { recognises } from './index.ts';
import { createLineFormat } from './line-format.ts';
import { presets } from './presets/index.ts';

function read(preset: string, text: string): readonly Incident[] {
  const mapping = presets.get(preset);
  if (mapping === undefined) throw new Error(`no preset ${preset}`);
  const format = createLineFormat(mapping);
  const sessions = createSessions(format.sessions);
  const readLine = createLineReader({
    format,
    sensor: 'pot',
    stream: 's',
    maxLine: 1e6,
    sessions,
    log: silentLog,
  });
  return text
    .trimEnd()
    .split('\n')
    .flatMap((line, index) => {
      const incidents = readLine(line, index + 1);
      if (typeof incidents === 'string') throw new Error(`line ${index + 1}: ${incidents}`);
      return incidents;
    });
}

const origins = createOrigins([declaredOrigins([...presets.values()])]);
const lines = (...objects: readonly object[]) => objects.map((object) => JSON.stringify(object)).join('\n');

describe('opencanary', () => {
  const text = readFileSync(recording('opencanary/opencanary.log'), 'utf8');
  const raw = text
    .trimEnd()
    .split('\n')
    .map(
      (line) => JSON.parse(line) as { logtype: number; src_host: string; logdata: Record<string, unknown> },
    );

  it('is recognised, and every line becomes an incident with its connection', () => {
    expect(recognises(Buffer.from(text), '/x/opencanary.log')).toBe(true);
    const incidents = read('opencanary', text);
    expect(incidents).toHaveLength(raw.length);
    const connected = incidents.filter(({ data }) => 'connection' in data);
    expect(connected).toHaveLength(raw.filter(({ src_host }) => src_host !== '').length);
    expect(incidents.filter(({ origin }) => !origins.has(origin))).toEqual([]);
  });

  it('has a login for each line with a user name and a password, with its facts', () => {
    const logins = read('opencanary', text).flatMap((incident) => origins.factsOf('login', incident) ?? []);
    const named = raw.filter(
      ({ logdata }) => 'USERNAME' in logdata && 'PASSWORD' in logdata && logdata['PASSWORD'] !== null,
    );
    for (const { logdata } of named)
      expect(logins).toContainEqual(
        expect.objectContaining({ username: logdata['USERNAME'], outcome: 'failure' }),
      );
    expect(logins.length).toBeGreaterThanOrEqual(named.length);
    expect(named.length).toBeGreaterThan(5);
  });
});

describe('adbhoney', () => {
  const base = {
    timestamp: '2026-01-02T03:04:05.5Z',
    unixtime: 1767323045,
    session: '0123456789ab',
    sensor: 'pot',
  };
  const text = lines(
    {
      eventid: 'adbhoney.session.connect',
      src_ip: '198.51.100.7',
      src_port: 4711,
      dest_ip: '192.0.2.1',
      dest_port: '5555',
      ...base,
    },
    { eventid: 'adbhoney.command.input', src_ip: '198.51.100.7', input: 'id; uname', ...base },
    {
      eventid: 'adbhoney.session.file_download',
      src_url: 'http://203.0.113.9/x',
      shasum: 'a'.repeat(64),
      filename: 'x',
      ...base,
    },
    { eventid: 'adbhoney.session.closed', src_ip: '198.51.100.7', duration: '1.50', ...base },
  );

  it('is recognised; every line knows the ends of its session, and what happened', () => {
    expect(recognises(Buffer.from(text), '/x')).toBe(true);
    const incidents = read('adbhoney', text);
    for (const { data } of incidents)
      expect(data).toMatchObject({
        connection: {
          id: base.session,
          protocol: 'adb',
          local: { port: 5555 },
          remote: { host: '198.51.100.7', port: 4711 },
        },
      });
    expect(incidents.map((incident) => origins.meaningsOf(incident).map(({ role }) => role))).toEqual([
      ['connection.open'],
      ['command'],
      ['offer', 'capture'],
      ['connection.close'],
    ]);
    expect(origins.factsOf('connection.close', incidents[3] as Incident)).toMatchObject({ duration: 1500 });
  });
});

describe('conpot', () => {
  const base = {
    timestamp: '2026-01-02T03:04:05.5',
    sensorid: 'default',
    id: 'u-1',
    src_ip: '198.51.100.7',
    src_port: 4711,
    dst_ip: '192.0.2.1',
  };
  it('is recognised; lines of a session share a connection, and traffic is a request', () => {
    const text = lines(
      { ...base, data_type: 'modbus', request: null, response: null, event_type: 'NEW_CONNECTION' },
      { ...base, data_type: 'modbus', request: 'read', response: 'x', event_type: null },
      {
        ...base,
        data_type: 'snmp',
        request: { oid: '1.3', val: '' },
        response: null,
        event_type: 'SNMPv1 Get',
      },
    );
    expect(recognises(Buffer.from(text), '/x')).toBe(true);
    const incidents = read('conpot', text);
    expect(incidents.map(({ origin }) => origin)).toEqual([
      'conpot.session.connect',
      'conpot.request',
      'conpot.request',
    ]);
    expect(incidents[2]?.data).toMatchObject({ connection: { id: 'u-1', transport: 'udp' } });
    expect(origins.factsOf('request', incidents[1] as Incident)).toMatchObject({ target: 'read' });
  });
});

it('other logs are not recognised', () => {
  for (const other of ['{"eventid":"cowrie.session.connect","session":"x"}', '{"a":1}', 'text', ''])
    expect(recognises(Buffer.from(`${other}\n`), '/x')).toBe(false);
});
