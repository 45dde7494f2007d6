import { type Incident, silentLog, type UntypedData } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import { createLineReader, createSessions } from '@ihandler/source-kit';
import { describe, expect, it } from 'vitest';
import { declaredOrigins } from './declared-origins.ts';
import { createLineFormat } from './line-format.ts';
import { type MappingInput, mappingSchema } from './mapping.ts';

/** Makes a function that reads lines, one after the other. */
function reader(input: MappingInput): (line: UntypedData | string) => Incident | string | undefined {
  const format = createLineFormat(mappingSchema.parse(input));
  const sessions = createSessions(format.sessions);
  const read = createLineReader({
    format,
    sensor: 'pot',
    stream: 's',
    maxLine: 1e6,
    sessions,
    log: silentLog,
  });
  let ordinal = 0;
  return (line) => {
    const text = typeof line === 'string' ? line : JSON.stringify(line);
    ordinal += text.length + 1;
    const incidents = read(text, ordinal);
    return typeof incidents === 'string' ? incidents : incidents[0];
  };
}

const plain: MappingInput = { name: 'acme', time: 't', origin: 'acme.event' };
const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

describe('the time of a line', () => {
  it.each<[MappingInput['time'], unknown, number]>([
    ['t', '2026-01-02T03:04:05.678Z', at],
    ['t', '2026-01-02 03:04:05.678', at],
    ['t', '2026-01-02T04:04:05.678+01:00', at],
    ['t', at / 1000, at],
    ['t', at, at],
    ['t', at * 1000, at],
    ['t', at * 1e6, at],
    ['t', `${at}`, at],
    [{ path: ['u', 't'], format: 'seconds' }, 7, 7000],
  ])('at %j in %j is read', (time, t, expected) => {
    const incident = reader({ ...plain, time })({ t } as UntypedData);
    expect(incident).toMatchObject({ origin: 'acme.event' });
    expect((incident as Incident).timestamp).toBeCloseTo(expected, 0);
  });

  it.each([null, '', 'yesterday', -1, 1e30, true, [1], { a: 1 }])(
    '%j is a reason to reject the line',
    (t) => {
      expect(reader(plain)({ t })).toBe('Expected a time at "t", found none.');
    },
  );
});

describe('the origin of a line', () => {
  const read = reader({
    ...plain,
    origin: {
      path: 'kind',
      prefix: 'acme.',
      names: { '7': 'login' },
      otherwise: 'acme.other',
      skip: ['noise'],
    },
  });
  it.each([
    [7, 'acme.login'],
    ['7', 'acme.login'],
    ['toString', 'acme.other'],
    ['x y', 'acme.other'],
    [undefined, 'acme.other'],
  ])('for %j is %s', (kind, origin) => {
    expect(read({ t: at, ...(kind !== undefined && { kind }) })).toMatchObject({ origin });
  });

  it('of a kind to skip is none: the line has no incident', () => {
    expect(read({ t: at, kind: 'noise' })).toBeUndefined();
  });

  it('without names is the kind itself, as long as it is one', () => {
    const open = reader({ ...plain, origin: { path: 'kind', prefix: 'acme.', otherwise: 'acme.other' } });
    expect(open({ t: at, kind: 'ssh.login' })).toMatchObject({ origin: 'acme.ssh.login' });
    expect(open({ t: at, kind: '../\u001b[2J' })).toMatchObject({ origin: 'acme.other' });
  });
});

describe('the connection of a line', () => {
  const connection: MappingInput['connection'] = {
    id: 'session',
    protocol: { value: 'ssh' },
    local: { host: 'to.ip', port: 'to.port' },
    remote: { host: 'from', port: 'port' },
  };

  it('has the ends that the line names, and keeps a key of the same name', () => {
    const read = reader({ ...plain, connection });
    const line = {
      t: at,
      session: 'a',
      from: '198.51.100.7',
      port: '4711',
      to: { ip: '192.0.2.1', port: 22 },
      connection: 1,
    };
    expect(read(line)).toMatchObject({
      data: {
        raw_connection: 1,
        connection: {
          id: 'a',
          protocol: 'ssh',
          transport: 'tcp',
          local: { host: '192.0.2.1', port: 22 },
          remote: { host: '198.51.100.7', port: 4711, hostname: '' },
        },
      },
    });
    expect(read({ t: at })).toMatchObject({ data: { t: at } });
    expect((read({ t: at }) as Incident).data).not.toHaveProperty('connection');
  });

  it('without an id is named by its ends; ports that are none are unknown', () => {
    const { id: _, ...ends } = connection;
    const read = reader({ ...plain, connection: ends });
    expect(read({ t: at, from: '198.51.100.7', port: -1 })).toMatchObject({
      data: { connection: { id: '198.51.100.7:0-:0', remote: { port: 0 } } },
    });
  });

  it('is remembered by its id until it ends, where only the first line has the ends', () => {
    const read = reader({
      ...plain,
      connection: { ...connection, remember: true },
      origin: { path: 'kind', prefix: 'acme.', otherwise: 'acme.other' },
      origins: { 'acme.end': { closes: true } },
    });
    const first = {
      t: at,
      session: 'a',
      from: '198.51.100.7',
      port: 4711,
      to: { ip: '192.0.2.1', port: 22 },
    };
    read(first);
    const full = { connection: { remote: { host: '198.51.100.7', port: 4711 }, local: { port: 22 } } };
    expect(read({ t: at, session: 'a', kind: 'said' })).toMatchObject({ data: full });
    expect(read({ t: at, session: 'a', from: '198.51.100.7', kind: 'end' })).toMatchObject({ data: full });
    expect(read({ t: at, session: 'b', kind: 'said' })).toMatchObject({
      data: { connection: { id: 'b', remote: { host: '', port: 0 } } },
    });
  });
});

describe('a line', () => {
  it.each([
    ['[1]', /found another value/],
    ['{"t":', /JSON object in one line/],
    [`{"t":1,"a":${'['.repeat(200)}${']'.repeat(200)}}`, /at most 100 levels/],
  ])('%s is rejected with the reason', (line, reason) => {
    expect(reader(plain)(line)).toMatch(reason);
  });

  it('keeps every key as data, whatever an attacker calls it', () => {
    const incident = reader(plain)(`{"t":${at},"__proto__":{"polluted":1},"constructor":2}`) as Incident;
    expect(Object.keys(incident.data)).toEqual(['t', '__proto__', 'constructor']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

it('a mapping declares the roles of its origins', () => {
  const mapping = mappingSchema.parse({
    ...plain,
    origins: { 'acme.event': { closes: true, roles: { login: { username: 'user' }, future: { x: 'y' } } } },
  });
  const origins = createOrigins([declaredOrigins([mapping])]);
  expect(origins.rolesOf('acme.event')).toEqual(['login', 'connection.close']);
});
