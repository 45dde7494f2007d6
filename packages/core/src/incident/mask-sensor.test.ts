import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Value } from '../contract/incident.ts';
import { incidentOf } from '../testing/delivery.ts';
import { maskSensor } from './mask-sensor.ts';

const connection = (local: string, remote = '198.51.100.7') => ({
  id: 'c',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: local, port: 445 },
  remote: { host: remote, port: 4711, hostname: '' },
});

function dataOf(local: string, more: Record<string, Value>, remote?: string) {
  return maskSensor(incidentOf(1, 'acme.thing.seen', { connection: connection(local, remote), ...more }))
    .data;
}

describe('maskSensor', () => {
  it.each([
    ['192.0.2.1', 'at 192.0.2.1, and 192.0.2.1:80.', 'at 127.0.0.1, and 127.0.0.1:80.'],
    [
      '192.0.2.1',
      'not 192.0.2.10 nor 1.192.0.2.1 nor 192.0.2.1.5',
      'not 192.0.2.10 nor 1.192.0.2.1 nor 192.0.2.1.5',
    ],
    ['::ffff:192.0.2.1', 'both ::ffff:192.0.2.1 and 192.0.2.1', 'both 127.0.0.1 and 127.0.0.1'],
    ['2001:db8::1', 'http://[2001:db8::1]:80/', 'http://[127.0.0.1]:80/'],
    ['2001:db8::1', 'not 2001:db8::12 nor 2001:db8::1:2', 'not 2001:db8::12 nor 2001:db8::1:2'],
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

  it('replaces the remote address, too, when the sensor attacked itself', () => {
    expect(dataOf('192.0.2.1', {}, '192.0.2.1')['connection']).toEqual(connection('127.0.0.1', '127.0.0.1'));
  });

  it('returns the same incident when it has no local address, and changes only the data', () => {
    const plain = incidentOf(1, 'acme.thing.seen', { host: '192.0.2.1' });
    expect(maskSensor(plain)).toBe(plain);
    const incident = incidentOf(2, 'acme.thing.seen', { connection: connection('192.0.2.1') });
    expect(maskSensor(incident)).toEqual({ ...incident, data: { connection: connection('127.0.0.1') } });
  });

  it('leaves no whole address behind, and changes no text without one', () => {
    const address = fc.oneof(
      fc.ipV4().filter((host) => host !== '127.0.0.1'),
      fc
        .ipV4()
        .filter((host) => host !== '127.0.0.1')
        .map((host) => `::ffff:${host}`),
      fc.ipV6().filter((host) => host.length > 2),
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
