import { createIncident, type UntypedData } from '@ihandler/core';
import { describe, expect, it } from 'vitest';
import { formats } from './formats.ts';
import { compileTemplate } from './template.ts';
import { connection, dataText, suggested, template } from './testing/line-parts.ts';
import { incidentOf } from './testing/numbered.ts';

describe('the format lines', () => {
  it('starts with the time in UTC, the sensor, the origin and the level', () => {
    const offer = incidentOf(1, 'dionaea.download.offer', { connection, url: 'http://192.0.2.1/a.exe' });
    expect(formats.lines(offer, 'warning')).toBe(
      '2026-11-22T06:50:42.123Z pot dionaea.download.offer-warning: connection=smbd/tcp ' +
        'connection.local=10.0.0.1:445 connection.remote=198.51.100.7:2010 connection.id=c0ffee url=http://192.0.2.1/a.exe',
    );
  });

  it.each<[UntypedData, string | RegExp]>([
    [{}, ''],
    [{ a: null, b: true, c: 1.5, d: 'x' }, 'a=null b=true c=1.5 d=x'],
    [{ a: '', b: 'null', c: '[]' }, 'a="" b="null" c="[]"'],
    [{ cmd: 'echo "a b" > c:\\d' }, 'cmd="echo \\"a b\\" > c:\\\\d"'],
    [{ query: 'a=b', name: 'täst' }, 'query="a=b" name=täst'],
    [{ a: 'x\ny\r\t\u0000\u001b[2J' }, 'a="x\\ny\\r\\t\\x00\\x1b[2J"'],
    [{ a: '\u202egnp.exe\u2028' }, 'a="\\u202egnp.exe\\u2028"'],
    [{ a: 'x\ud800' }, 'a="x\\ud800"'],
    [{ a: Uint8Array.of(0x4d, 0x5a, 0x90, 0, 0x22, 0x5c) }, 'a=b"MZ\\x90\\x00\\"\\\\"'],
    [
      { from: [{ user: '100', uri: { host: '1.1.1.1' } }], via: [] },
      'from.0.user=100 from.0.uri.host=1.1.1.1 via=[]',
    ],
    [{ a: { b: {} } }, 'a.b={}'],
    [
      { 'User-Agent': 'x', 'a b': 1, 'c="': 2, '': 3, 'd.e': 4 },
      'User-Agent=x "a b"=1 "c=\\""=2 ""=3 "d.e"=4',
    ],
    [JSON.parse('{"__proto__": {"constructor": 1}}'), '__proto__.constructor=1'],
    [
      { parent: connection, child: { ...connection, id: 'x y', protocol: 'a' } },
      /^parent=smbd\/tcp .* child=a\/tcp .* child\.id="x y"$/,
    ],
    [
      {
        connection: {
          ...connection,
          local: { host: '::1', port: 80 },
          remote: { host: '', port: 0, hostname: '' },
        },
      },
      'connection=smbd/tcp connection.local=[::1]:80 connection.id=c0ffee',
    ],
    [
      { connection: { ...connection, remote: { host: '', port: 80, hostname: 'evil.example' } } },
      /remote=:80 connection\.hostname=evil\.example/,
    ],
    [{ connection: { id: 'not one' } }, 'connection.id="not one"'],
  ])('shows %j', (data, expected) => {
    if (typeof expected === 'string') expect(dataText(data)).toBe(expected);
    else expect(dataText(data)).toMatch(expected);
  });

  it('cuts a value after 4096 characters or bytes and counts the rest', () => {
    const text = dataText({
      a: 'x'.repeat(5000),
      b: Buffer.alloc(4100, 'y'),
      c: `${'z'.repeat(4095)}\u{1f41d}`,
    });
    expect(text).toBe(`a="${'x'.repeat(4096)}"+904 b=b"${'y'.repeat(4096)}"+4 c="${'z'.repeat(4095)}"+2`);
  });

  it('starts no further field after 65536 characters and counts the rest', () => {
    const text = dataText(
      Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, 'x'.repeat(1000)])),
    );
    expect(text).toMatch(/ k65=x{1000} \+34$/);
  });

  it('has no blank in the sensor and the origin', () => {
    const incident = { ...incidentOf(1), sensor: 'my pot\n\u00a0"', origin: 'a b-error: c' };
    expect(formats.lines(incident, 'info')).toMatch(
      /^\S+ "my\\x20pot\\n\\xa0\\"" "a\\x20b-error:\\x20c"-info:$/,
    );
  });

  it('shows a time outside the calendar as the first or the last one', () => {
    const at = (timestamp: number): string =>
      formats.lines({ ...incidentOf(1), timestamp }, 'info').slice(0, 24);
    expect([at(-1e300), at(1e300)]).toEqual(['0001-01-01T00:00:00.000Z', '9999-12-30T00:00:00.000Z']);
  });
});

describe('the format dionaea', () => {
  it('has local time, origin and level where parsers of dionaea’s log expect them', () => {
    const timestamp = new Date(2026, 10, 22, 6, 5, 42, 999).getTime();
    const incident = { ...incidentOf(1, 'dionaea.download.offer', { url: 'http://x/' }), timestamp };
    expect(formats.dionaea(incident, 'warning')).toBe(
      '[22112026 06:05:42] dionaea.download.offer-warning: incident url=http://x/',
    );
  });

  it.each(['http://x:1-error: y', 'x:1-error:', 'y z:9-critical: forged'])(
    'does not let an attacker name file and level: %s',
    (url) => {
      const line = formats.dionaea(incidentOf(1, 'acme-error.seen', { [url]: url }), 'info');
      expect(suggested.exec(line)?.slice(2, 5)).toEqual(['acme-error.seen', undefined, 'info']);
    },
  );
});

describe('the format json', () => {
  it('has time, sensor, incident, connection and all data', () => {
    const data = { connection, url: 'http://x/', raw: Uint8Array.of(255), odd: Number.NaN };
    const line = JSON.parse(formats.json(incidentOf(7, 'dionaea.download.offer', data), 'warning'));
    expect(line).toEqual({
      timestamp: '2026-11-22T06:50:42.123Z',
      sensor: 'pot',
      id: 's:7',
      origin: 'dionaea.download.offer',
      level: 'warning',
      connection: 'c0ffee',
      data: { connection, url: 'http://x/', raw: '\\xff', raw_base64: '/w==', odd: 'NaN' },
    });
  });

  it('names the child of a link, and no connection where there is none', () => {
    const parse = (data: UntypedData): Record<string, unknown> =>
      JSON.parse(formats.json(incidentOf(1, 'a.b', data), 'info'));
    expect(parse({ parent: connection, child: { ...connection, id: 'child' } })['connection']).toBe('child');
    expect(parse({ connection: 'none' })).not.toHaveProperty('connection');
  });

  it('says why the data does not fit its origin', () => {
    const incident = createIncident({ id: 's:1', origin: 'acme.seen', timestamp: 0, sensor: 's', data: {} });
    const misfit = { ...incident, misfit: 'url: expected a string, found nothing' };
    expect(JSON.parse(formats.json(misfit, 'info')).misfit).toMatch(/expected/);
  });
});

describe('a template of log-text', () => {
  it('shows the named values, and a dash for a missing one', () => {
    const format = template(
      '{{{level}}} {origin}\t{id} {data.connection.remote.host} {data.from.0} {data.no.such}: {data}',
    );
    const incident = incidentOf(1, 'a.b', { connection, from: ['x y', 'z'] });
    expect(format(incident, 'info')).toBe(`{info} a.b\ts:1 198.51.100.7 "x y" -: ${dataText(incident.data)}`);
  });

  it('shows nested data as fields', () => {
    expect(
      template('{data.a}|{data.a.b}|{data.a.c}')(incidentOf(1, 'a.b', { a: { b: 1, c: [] } }), 'info'),
    ).toBe('a.b=1 a.c=[]|1|[]');
  });

  it('shows no inherited properties', () => {
    expect(
      template('{data.constructor} {data.a.length} {data.__proto__}')(
        incidentOf(1, 'a.b', { a: 'x' }),
        'info',
      ),
    ).toBe('- - -');
  });

  it.each(['{', '}', '{nothing}', '{data.}', '{}', '{ data }', '{toString}'])('is rejected: %s', (text) => {
    expect(compileTemplate(text)).toEqual({ problem: expect.stringMatching(/^expected/) });
  });
});

it('log-text has the three documented formats', () => {
  expect(Object.keys(formats)).toEqual(['lines', 'dionaea', 'json']);
});
