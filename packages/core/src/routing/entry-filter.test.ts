import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineHandler } from '../contract/handler.ts';
import type { Incident, UntypedData } from '../contract/incident.ts';
import { handle, incidentOf, open, statusOf } from '../testing/delivery.ts';
import { compileEntryFilter } from './entry-filter.ts';
import type { HandlerEntry } from './handler-entry.ts';

const connection = (host: string, protocol = 'smbd') => ({
  id: '1',
  protocol,
  transport: 'tcp',
  local: { host: '192.0.2.99', port: 445 },
  remote: { host, port: 4711, hostname: '' },
});

const about = (host: string, protocol?: string) =>
  incidentOf(1, 'acme.thing.seen', { connection: connection(host, protocol) });

function admits(entry: Pick<HandlerEntry, 'ignore' | 'protocols'>, incident: Incident): boolean {
  return compileEntryFilter(entry)?.(incident) ?? true;
}

describe('"ignore"', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1', true],
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.0/24', '192.0.2.255', true],
    ['192.0.2.77/24', '192.0.2.1', true],
    ['192.0.2.0/24', '192.0.3.1', false],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:1::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:DB8::0:1', '2001:db8:0:0:0:0:0:1', true],
    ['fe80::/10', 'fe80::1%eth0', true],
    ['192.0.2.0/24', '::ffff:192.0.2.1', true],
    ['192.0.2.0/24', '::ffff:c000:201', true],
    ['192.0.2.0/24', '0:0:0:0:0:ffff:192.0.2.1', true],
    ['::ffff:192.0.2.1', '192.0.2.1', true],
    ['::ffff:192.0.2.0/120', '192.0.2.200', true],
    ['::ffff:192.0.2.0/120', '192.0.3.200', false],
    ['::ffff:0:0/96', '203.0.113.9', true],
    ['::/0', '203.0.113.9', false],
    ['::/0', '2001:db8::1', true],
    ['0.0.0.0/0', '', false],
    ['0.0.0.0/0', 'evil.example', false],
  ])('%s: whether %s is ignored: %s', (rule, host, isIgnored) => {
    expect(admits({ ignore: [rule] }, about(host))).toBe(!isIgnored);
  });

  it.each([
    '192.0.2.0/33',
    '192.0.2',
    'evil.example',
    '',
    '10.0.0.0/-1',
    '::/129',
    '::ffff:0:0/95',
    '1.2.3.4/',
  ])('refuses %j and names it', (rule) => {
    expect(() => compileEntryFilter({ ignore: ['192.0.2.1', rule] })).toThrow(
      expect.objectContaining({
        code: 'OPTIONS_INVALID',
        message: expect.stringContaining(JSON.stringify(rule)),
      }),
    );
  });

  it('looks at both ends of a link, and passes incidents without a connection', () => {
    const link = (parent: string, child: string) =>
      incidentOf(1, 'dionaea.connection.link', { parent: connection(parent), child: connection(child) });
    const entry = { ignore: ['192.0.2.1'] };
    expect(admits(entry, link('192.0.2.2', '192.0.2.1'))).toBe(false);
    expect(admits(entry, link('192.0.2.1', '192.0.2.2'))).toBe(false);
    expect(admits(entry, link('192.0.2.2', '192.0.2.3'))).toBe(true);
    expect(admits(entry, incidentOf(1))).toBe(true);
  });

  it('looks at the host name of the remote end, where old sensors write its address', () => {
    const remote = { host: '', port: 4711, hostname: '192.0.2.1' };
    const incident = incidentOf(1, 'acme.thing.seen', { connection: { ...connection(''), remote } });
    expect(admits({ ignore: ['192.0.2.0/24'] }, incident)).toBe(false);
    expect(admits({ ignore: ['198.51.100.0/24'] }, incident)).toBe(true);
  });

  it('treats an IPv4 address and the same address mapped into IPv6 alike', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (network, host, bits) => {
        const rules = [`${network}/${bits}`, `::ffff:${network}/${bits + 96}`];
        const answers = rules.flatMap((rule) =>
          [host, `::ffff:${host}`].map((each) => admits({ ignore: [rule] }, about(each))),
        );
        expect(new Set(answers).size).toBe(1);
      }),
    );
  });
});

describe('"protocols"', () => {
  it.each([
    [['smbd'], 'smbd', true],
    [['smbd', 'httpd'], 'httpd', true],
    [['smbd'], 'httpd', false],
    [['SipSession'], 'sipsession', true],
    [['-hpclient'], 'hpclient', false],
    [['-hpclient'], 'smbd', true],
    [['smbd', '-smbd'], 'smbd', false],
    [['constructor'], 'smbd', false],
  ])('%j: whether %s passes: %s', (protocols, protocol, passes) => {
    expect(admits({ protocols }, about('192.0.2.1', protocol))).toBe(passes);
  });

  it.each(['', '-', 'smbd httpd', 'a,b'])('refuses %j', (protocol) => {
    expect(() => compileEntryFilter({ protocols: [protocol] })).toThrow(
      expect.objectContaining({ code: 'OPTIONS_INVALID' }),
    );
  });

  it('passes incidents without a connection', () => {
    expect(admits({ protocols: ['smbd'] }, incidentOf(1))).toBe(true);
  });
});

describe('the filters of an entry', () => {
  it('are absent when none is set', () => {
    expect(compileEntryFilter({})).toBeUndefined();
    expect(compileEntryFilter({ ignore: [], protocols: [] })).toBeUndefined();
  });

  it('do not fail on anything an attacker wrote', () => {
    const entry = { ignore: ['0.0.0.0/0', '::/0'], protocols: ['smbd'] };
    const hostile: readonly UntypedData[] = [
      { connection: null },
      { connection: 'x' },
      { connection: { remote: null } },
      { connection: { protocol: 7, remote: { host: 7 } } },
      { connection: [] },
      { child: { remote: { host: '\u0000'.repeat(9) } } },
    ];
    for (const data of hostile) expect(admits(entry, incidentOf(1, 'acme.thing.seen', data))).toBe(true);
  });

  it('count what they exclude as filtered, whatever else is in the run, live or read from the journal', async () => {
    const seen: Record<string, string[]> = { all: [], quiet: [], web: [] };
    const keep = (name: string) =>
      defineHandler({ name, on: { '*': ({ id }) => void seen[name]?.push(id) } });
    const dispatcher = await open([
      keep('all'),
      { handler: keep('quiet'), ignore: ['192.0.2.0/24'] },
      { handler: keep('web'), protocols: ['httpd'] },
    ]);
    const at = (ordinal: number, host: string, protocol: string) =>
      incidentOf(ordinal, 'acme.thing.seen', { connection: connection(host, protocol) });
    await handle(dispatcher, [
      at(1, '192.0.2.1', 'httpd'),
      at(2, '203.0.113.1', 'httpd'),
      at(3, '::ffff:192.0.2.7', 'smbd'),
    ]);
    await handle(dispatcher, [at(4, '203.0.113.1', 'smbd'), incidentOf(5, 'acme.thing.gone')]);
    expect(seen).toEqual({
      all: ['s:1', 's:2', 's:3', 's:4', 's:5'],
      quiet: ['s:2', 's:4', 's:5'],
      web: ['s:1', 's:2', 's:5'],
    });
    expect(statusOf(dispatcher, 'quiet').counts).toMatchObject({ delivered: 3, filtered: 2 });
    expect(statusOf(dispatcher, 'web').counts).toMatchObject({ delivered: 3, filtered: 2 });
  });
});
