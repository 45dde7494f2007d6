import { describe, expect, it } from 'vitest';
import { withinNetworks } from '../routing/entry-filter.ts';
import { addresses, addressesIn, namesHost, withoutAddresses } from './addresses.ts';

describe('addressesIn', () => {
  it.each([
    ['http://203.0.113.9:8080/x.bin', ['203.0.113.9']],
    ['tftp -i 203.0.113.9 get a; ping ::ffff:203.0.113.9', ['203.0.113.9', '::ffff:203.0.113.9']],
    ['http://[2001:db8::1]/x and 2001:db8::2.', ['2001:db8::1', '2001:db8::2']],
    ['203.0.113.9.example.net', ['203.0.113.9']],
    ['version 1.2.3.4.5 at 12:30:45, 999.1.1.1, a::b::c, std::string', []],
  ])('finds the addresses in %s', (text, addresses) => {
    expect(addressesIn(text)).toEqual(addresses);
  });
});

const isForgotten = withinNetworks(['203.0.113.9', '2001:db8::/32']);

it('withoutAddresses replaces each forgotten address and keeps similar ones', () => {
  expect(withoutAddresses('http://203.0.113.9/a 203.0.113.99 [2001:db8::7]', isForgotten)).toBe(
    'http://forgotten/a 203.0.113.99 [forgotten]',
  );
  expect(withoutAddresses('203.0.113.99', isForgotten)).toBeUndefined();
  const bytes = withoutAddresses(Buffer.from('\xff203.0.113.9\x80', 'latin1'), isForgotten);
  expect(bytes && Buffer.from(bytes).toString('latin1')).toBe('\xffforgotten\x80');
});

it('namesHost looks at texts, bytes and keys at any depth, but not at the local end', () => {
  const names = (data: unknown) => namesHost(data, isForgotten);
  expect(names({ deep: [{ command: 'wget 203.0.113.9/x' }] })).toBe(true);
  expect(names({ data: Buffer.from('GET 203.0.113.9') })).toBe(true);
  expect(names({ '::ffff:203.0.113.9': 1 })).toBe(true);
  expect(names({ connection: { local: { host: '203.0.113.9' }, remote: { host: '203.0.113.8' } } })).toBe(
    false,
  );
});

it.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['[::1]', true],
  ['::ffff:127.0.0.1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['127.example.com', false],
  ['localhost.example.com', false],
])('%s is loopback: %s', (host, loopback) => {
  expect(addresses.isLoopback(host)).toBe(loopback);
});
