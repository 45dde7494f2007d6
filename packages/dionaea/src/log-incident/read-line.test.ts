import { readFileSync } from 'node:fs';
import { type Incident, silentLog } from '@ihandler/core';
import { createLineReader } from '@ihandler/source-kit';
import { recording } from '@ihandler/test-support/recordings';
import { describe, expect, it } from 'vitest';
import { misfitOf } from '../testing/misfit-of.ts';
import { createLogIncident } from './read-line.ts';

type Settings = Parameters<typeof createLogIncident>[0];

function createReader(settings: Settings): (text: string, ordinal: number) => Incident | string {
  const format = createLogIncident(settings);
  const read = createLineReader({ format, sensor: 'hive', stream: 'f00', maxLine: 1e6, log: silentLog });
  return (text, ordinal) => {
    const incidents = read(text, ordinal);
    const [incident = 'none'] = typeof incidents === 'string' ? [incidents] : incidents;
    return incident;
  };
}
const read = createReader({ maxDepth: 6 });

const wire = {
  protocol: 'smbd',
  transport: 'tcp',
  local_ip: '10.0.1.11',
  local_port: 445,
  remote_hostname: '',
  remote_ip: '::ffff:93.177.176.190',
  remote_port: 47650,
  id: 'aa01',
};
const connection = {
  id: 'aa01',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '10.0.1.11', port: 445 },
  remote: { host: '::ffff:93.177.176.190', port: 47650, hostname: '' },
};

function line(data: unknown, origin: unknown = 'dionaea.connection.tcp.accept'): string {
  return JSON.stringify({ timestamp: '2026-11-22T06:51:48.100001', name: 'dionaea', origin, data });
}
function incidentOf(text: string): Incident {
  const result = read(text, 7);
  if (typeof result === 'string') throw new Error(result);
  return result;
}

describe('a line of log_incident', () => {
  it('becomes a frozen incident with a connection in the form of core', () => {
    const incident = incidentOf(line({ connection: wire }));
    expect(incident).toEqual({
      id: 'f00:7',
      origin: 'dionaea.connection.tcp.accept',
      timestamp: Date.UTC(2026, 10, 22, 6, 51, 48) + 100.001,
      sensor: 'hive',
      data: { connection },
    });
    expect(Object.isFrozen(incident.data['connection'])).toBe(true);
  });

  it('of a link becomes an incident with two connections in the form of core', () => {
    const incident = incidentOf(line({ parent: wire, child: wire }, 'dionaea.connection.link'));
    expect(incident.data).toEqual({ parent: connection, child: connection });
    expect(misfitOf(incident)).toBeUndefined();
  });

  it('may have the integer id and the null host name of old versions', () => {
    const incident = incidentOf(line({ connection: { ...wire, id: 140234, remote_hostname: null } }));
    expect(incident.data['connection']).toEqual({
      ...connection,
      id: '140234',
      remote: { ...connection.remote, hostname: null },
    });
    expect(misfitOf(incident)).toBeUndefined();
  });

  it('keeps the data beside the connection and unknown keys in it', () => {
    const text = line({
      remote_hostname: 'pptp',
      connection: { ...wire, ja3: ['x'], local: 'shadow' },
      args: [1, null],
    });
    expect(incidentOf(text).data).toEqual({
      remote_hostname: 'pptp',
      connection: { ...connection, ja3: ['x'] },
      args: [1, null],
    });
  });

  it('with an incomplete connection becomes an incident that does not fit its schema', () => {
    const incident = incidentOf(line({ connection: { id: 'x', remote_ip: '1.2.3.4' } }));
    expect(incident.data['connection']).toEqual({ id: 'x', remote: { host: '1.2.3.4', hostname: null } });
    expect(misfitOf(incident)).toMatch(/connection/);
    expect(misfitOf(incidentOf(line({ connection: null })))).toMatch(/connection/);
    expect(misfitOf(incidentOf(line({ connection: 'x' })))).toMatch(/connection/);
    expect(misfitOf(incidentOf(line(undefined)))).toMatch(/connection/);
  });

  it('keeps hostile keys and characters as data', () => {
    const hostile = '{"__proto__":{"polluted":1},"constructor":"\\u0000\\ud800\\u001b[2J\'; drop table"}';
    const { data } = incidentOf(`{"timestamp":"2026-11-22T06:51:48","origin":"x.y","data":${hostile}}`);
    expect(Object.keys(data)).toEqual(['__proto__', 'constructor']);
    expect(data['constructor']).toBe("\u0000\ud800\u001b[2J'; drop table");
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const inside = `{"connection":{"id":"a","__proto__":{"polluted":1}}}`;
    const { data: nested } = incidentOf(
      `{"timestamp":"2026-11-22T06:51:48","origin":"x.y","data":${inside}}`,
    );
    expect(Object.keys(nested['connection'] ?? {})).toEqual(['id', '__proto__']);
    expect(Object.getPrototypeOf(nested['connection'])).toBe(Object.prototype);
  });

  it('of the maintained fork loses the name after a uuid and keeps headers as text', () => {
    const uuid = '4b324fc8-1670-01d3-1278-5a47bf6ee188';
    const syntax = '8a885d04-1ceb-11c9-9fe8-08002b104860';
    const bind = { connection: wire, uuid: `${uuid} (SRVSVC)`, transfersyntax: `${syntax} (NDR)` };
    expect(incidentOf(line(bind, 'dionaea.modules.python.smb.dcerpc.bind')).data).toEqual({
      connection,
      uuid,
      transfersyntax: syntax,
    });
    const request = { connection: wire, uuid, opnum: 31, stub_data: 'x (y)' };
    expect(incidentOf(line(request, 'dionaea.modules.python.smb.dcerpc.request')).data).toEqual({
      ...request,
      connection,
    });
    const headers = '{"Host": "a (b)"}';
    expect(incidentOf(line({ headers }, 'dionaea.modules.python.http.request')).data).toEqual({ headers });
  });

  it('of an upload loses its secrets', () => {
    const { data } = incidentOf(line({ apikey: 's3cret', _url: 'https://a:b@c' }, 'dionaea.upload.request'));
    expect(data).toEqual({ apikey: '[redacted]', _url: 'https://[redacted]@c' });
  });

  it.each([
    ['', 'invalid JSON'],
    ['{"timestamp": "2026-11-22T06:51:48", "origin": "a", "da', 'invalid JSON'],
    ['\u001b[2J', 'invalid JSON'],
    ['null', 'JSON object'],
    ['[1]', 'JSON object'],
    ['"text"', 'JSON object'],
    ['{}', 'origin'],
    [line({}, 5), 'origin'],
    [line({}, ''), 'origin'],
    [line({}, 'has blanks'), 'origin'],
    [line({}, 'x'.repeat(300)), 'origin'],
    ['{"origin":"a","data":{}}', 'timestamp'],
    ['{"origin":"a","data":{},"timestamp":"tomorrow"}', 'timestamp'],
    [line([]), 'data'],
    [line('x'), 'data'],
  ])('is invalid when it is %j', (text, reason) => {
    const result = read(text, 1);
    expect(result).toContain(reason);
    expect(result).not.toContain('\u001b');
  });

  it('may nest as deep as the limit, and is invalid when deeper, even by far', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const deep = (depth: number) =>
      `{"timestamp":"2026-11-22T06:51:48","origin":"a.b","data":{"x":${nested(depth - 2)}}}`;
    expect(read(deep(6), 1)).toBeTypeOf('object');
    expect(read(deep(7), 1)).toContain('at most 6 levels');
    expect(read(deep(500_000), 1)).toContain('at most 6 levels');
    const inConnection = `{"timestamp":"2026-11-22T06:51:48","origin":"a.b","data":{"connection":{"id":${nested(4)}}}}`;
    expect(read(inConnection, 1)).toContain('at most 6 levels');
  });

  it('shares the string of its origin with all incidents of that origin', () => {
    expect(incidentOf(line({})).origin).toBe(incidentOf(line({})).origin);
  });

  it.each(['dionaea-a', 'dionaea-c'])(
    'of %s becomes an incident that fits the schema of its origin',
    (name) => {
      const lines = readFileSync(recording(`${name}/log_incident.ndjson`), 'utf8')
        .trimEnd()
        .split('\n');
      const results = lines.map((text, index) => read(text, index));
      expect(results.filter((result) => typeof result === 'string')).toEqual([]);
      expect(results.map((result) => (typeof result === 'string' ? result : misfitOf(result)))).toEqual(
        lines.map(() => undefined),
      );
    },
  );
});

describe('the option paths', () => {
  const mapped = createReader({
    maxDepth: 100,
    paths: { '/opt/dionaea/var': '/mnt/a', '/opt/dionaea/var/binaries/': '/mnt/b/', '.': '/mnt/names' },
  });
  const fileOf = (file: string, origin = 'dionaea.download.complete.unique', key = 'file') => {
    const result = mapped(line({ [key]: file }, origin), 1);
    return typeof result === 'string' ? result : result.data[key];
  };

  it('maps the paths of files, the longest folder first, and leaves other values unchanged', () => {
    expect(fileOf('/opt/dionaea/var/binaries/1d41')).toBe('/mnt/b/1d41');
    expect(fileOf('/opt/dionaea/var//tmp/x')).toBe('/mnt/a/tmp/x');
    expect(fileOf('/opt/dionaea/various/x')).toBe('/opt/dionaea/various/x');
    expect(fileOf('1d419d61')).toBe('/mnt/names/1d419d61');
    expect(fileOf('/opt/dionaea/var/x', 'dionaea.modules.python.http.request', 'path')).toBe(
      '/opt/dionaea/var/x',
    );
  });
});
