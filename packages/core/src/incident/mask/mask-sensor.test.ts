import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../../contract/incident.ts';
import { incidentOf } from '../../testing/delivery.ts';
import { sensorRegistry } from '../../testing/origins.ts';
import { maskSensor } from './mask-sensor.ts';
import { ownAddressesOf } from './own-addresses.ts';

const isTelling = (host: string) => !/^(?:127|0)\./.test(host);

const connection = (local: string, remote = '198.51.100.7') => ({
  id: 'c',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: local, port: 445 },
  remote: { host: remote, port: 4711, hostname: '' },
});

function dataOf(local: string, more: Record<string, Value>, remote?: string) {
  return maskSensor(
    incidentOf(1, 'acme.thing.seen', { connection: connection(local, remote), ...more }),
    sensorRegistry,
  ).data;
}

const manyHosts = () => Array.from({ length: 1000 }, (_, n) => `192.0.${2 + (n >> 8)}.${n & 255}`);

describe('maskSensor', () => {
  it.each([
    ['192.0.2.1', 'at 192.0.2.1, and 192.0.2.1:80.', 'at 127.0.0.1, and 127.0.0.1:80.'],
    [
      '192.0.2.1',
      'not 192.0.2.10 nor 1192.0.2.1 nor 192.0.2.1234',
      'not 192.0.2.10 nor 1192.0.2.1 nor 192.0.2.1234',
    ],
    // Within a longer sequence, too: it may be a name of nip.io.
    ['192.0.2.1', 'x.192.0.2.1.nip.io 1.192.0.2.1.5', 'x.127.0.0.1.nip.io 1.127.0.0.1.5'],
    ['192.0.2.1', 'ec2-192-0-2-1.example.com 192.000.002.001', 'ec2-127.0.0.1.example.com 127.0.0.1'],
    ['192.0.2.1', '::ffff:c000:201 [::FFFF:192.0.2.1]', '127.0.0.1 [127.0.0.1]'],
    ['::ffff:192.0.2.1', 'both ::ffff:192.0.2.1 and 192.0.2.1', 'both 127.0.0.1 and 127.0.0.1'],
    ['2001:db8::1', 'http://[2001:db8::1]:80/', 'http://[127.0.0.1]:80/'],
    ['2001:db8::1', 'not 2001:db8::12 nor 2001:db8::f1', 'not 2001:db8::12 nor 2001:db8::f1'],
    ['2001:db8::1', 'sip:2001:db8::1 a:2001:DB8::1:443', 'sip:127.0.0.1 a:127.0.0.1:443'],
    ['2001:db8::1', '2001:0db8:0:0:0:0:0:0001, 2001:db8:0::0:1', '127.0.0.1, 127.0.0.1'],
    ['2001:db8::1', '2001:db8::0.0.0.1 and 2001:db8::0.0.0.2', '127.0.0.1 and 2001:db8::0.0.0.2'],
    ['2001:db8::', '2001:db8::, not 2001:db8::5', '127.0.0.1, not 2001:db8::5'],
  ])('replaces %s in: %s', (local, text, expected) => {
    expect(dataOf(local, { text })['text']).toBe(expected);
  });

  it('replaces the address in lists, records, connections and bytes, and changes nothing else', () => {
    const bytes = Buffer.from('\xff\x00 192.0.2.1 \xfe', 'latin1');
    const data = dataOf('192.0.2.1', {
      list: ['192.0.2.1', { url: 'http://192.0.2.1/a' }],
      child: connection('192.0.2.1'),
      bytes: new Uint8Array(bytes),
      n: 1,
      nothing: null,
    });
    expect(data).toEqual({
      connection: connection('127.0.0.1'),
      list: ['127.0.0.1', { url: 'http://127.0.0.1/a' }],
      child: connection('127.0.0.1'),
      bytes: new Uint8Array(Buffer.from('\xff\x00 127.0.0.1 \xfe', 'latin1')),
      n: 1,
      nothing: null,
    });
  });

  it('replaces addresses in keys, and keeps both values of keys that become equal', () => {
    const data = dataOf('192.0.2.1', { seen: { '192.0.2.1': 1, '127.0.0.1': 2, 'http://192.0.2.1/': 3 } });
    expect(data['seen']).toEqual({ '127.0.0.1': 1, '127.0.0.1 (2)': 2, 'http://127.0.0.1/': 3 });
  });

  it('replaces addresses in UTF-16, as SMB sends them', () => {
    const path = '\\\\192.0.2.1\\IPC$ 192.0.2.10';
    const little = Buffer.concat([Buffer.from([0xff]), Buffer.from(path, 'utf16le')]);
    const data = dataOf('192.0.2.1', {
      little: new Uint8Array(little),
      big: new Uint8Array(Buffer.from(little).subarray(1).swap16()),
    });
    const expected = '\\\\127.0.0.1\\IPC$ 192.0.2.10';
    expect(
      Buffer.from(data['little'] as Uint8Array)
        .subarray(1)
        .toString('utf16le'),
    ).toBe(expected);
    expect(
      Buffer.from(data['big'] as Uint8Array)
        .swap16()
        .toString('utf16le'),
    ).toBe(expected);
  });

  it('knows the address by names such as dst_ip when the data has no schema', () => {
    const data = { dst_ip: '192.0.2.1', src_ip: '198.51.100.7', text: 'to 192.0.2.1 from 198.51.100.7' };
    expect(maskSensor(incidentOf(1, 'acme.thing.seen', data), sensorRegistry).data).toEqual({
      dst_ip: '127.0.0.1',
      src_ip: '198.51.100.7',
      text: 'to 127.0.0.1 from 198.51.100.7',
    });
  });

  it('replaces the name of a local end only there', () => {
    const data = { connection: connection('pot.example.com'), text: 'pot.example.com' };
    expect(maskSensor(incidentOf(1, 'acme.thing.seen', data), sensorRegistry).data).toEqual({
      connection: connection('127.0.0.1'),
      text: 'pot.example.com',
    });
  });

  it('is not confused by local ends that others have sent before', () => {
    dataOf('192.0.2.1 192.0.2.2', { text: 'x' });
    const incident = incidentOf(1, 'acme.thing.seen', {
      first: connection('192.0.2.1'),
      second: connection('192.0.2.2'),
      text: '192.0.2.1 192.0.2.2',
    });
    expect(maskSensor(incident, sensorRegistry).data['text']).toBe('127.0.0.1 127.0.0.1');
  });

  it.each([
    ['1,000 local ends and near matches', manyHosts(), '192.0.2.1 192.0.2.1.1.1 '],
    ['a long local end', ['1'.repeat(70_000), '192.0.2.1'], '192.0.2.1'.repeat(3)],
    ['colons', ['2001:db8::1'], ':'],
    ['near matches of IPv6', ['2001:db8::1', '2001:db8::2'], '2001:db8::2001:db8:0:0:0:0:0:'],
    ['dotted ends', ['2001:db8::1'], '2001:db8::0.0.0.1:0.0.0.1'],
    ['digits', ['192.0.2.1'], '1'],
    ['dots', ['192.0.2.1'], '192.0.2.1.'],
    ['wide digits', ['192.0.2.1'], '1\0.\0'],
  ])('takes time that grows with the text only: %s', (_, hosts, word) => {
    const time = (size: number) => {
      const text = word.repeat(size / word.length);
      const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
      const incident = incidentOf(1, 'acme.thing.seen', {
        ends: hosts.map((host) => ({ local: { host } })),
        text,
        bytes,
      });
      let best = Number.POSITIVE_INFINITY;
      for (let n = 0; n < 5; n += 1) {
        const start = process.cpuUsage();
        maskSensor(incident, sensorRegistry);
        best = Math.min(best, process.cpuUsage(start).user / 1000);
      }
      return best;
    };
    time(10_000);
    const [small, large] = [time(100_000), time(1_000_000)];
    // Ten times the text: much less than a hundred times the time.
    expect(large).toBeLessThan(small * 30 + 30);
  });

  it('replaces the remote address, too, when the sensor attacked itself', () => {
    expect(dataOf('192.0.2.1', {}, '192.0.2.1')['connection']).toEqual(connection('127.0.0.1', '127.0.0.1'));
  });

  it('returns the same incident when it has no local address, and changes only the data', () => {
    const plain = incidentOf(1, 'acme.thing.seen', { host: '192.0.2.1' });
    expect(maskSensor(plain, sensorRegistry)).toBe(plain);
    const incident = incidentOf(2, 'acme.thing.seen', { connection: connection('192.0.2.1') });
    expect(maskSensor(incident, sensorRegistry)).toEqual({
      ...incident,
      data: { connection: connection('127.0.0.1') },
    });
  });

  it('leaves no whole address behind, and changes no text without one', () => {
    const address = fc.oneof(
      fc.ipV4().filter(isTelling),
      fc
        .ipV4()
        .filter(isTelling)
        .map((host) => `::ffff:${host}`),
      fc
        .ipV6()
        .filter(
          (host) => ownAddressesOf(incidentOf(1, 'a.b', { local: { host } }), sensorRegistry) !== undefined,
        ),
    );
    const gap = fc.constantFrom(' ', ',', '/', '"', '=', '\n', 'x ', ' y');
    fc.assert(
      fc.property(address, fc.array(fc.tuple(gap, fc.string(), gap)), fc.string(), (local, parts, plain) => {
        const text = parts.map(([before, word, after]) => `${word}${before}${local}${after}`).join('');
        const data = dataOf(local, { text, plain: plain.includes(local) ? '' : plain });
        const word = local.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
        const found = new RegExp(`(?<![0-9A-Fa-f.:])${word}(?![0-9A-Fa-f.:])`);
        expect(JSON.stringify(data)).not.toMatch(found);
        if (!plain.includes(local.replace('::ffff:', ''))) expect(data['plain']).toBe(plain);
      }),
    );
  });
});
