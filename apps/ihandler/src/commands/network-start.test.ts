import { expect, test } from 'vitest';
import { isNetworkStart } from './network-start.ts';

test.each([
  ['192.0.2.7', true],
  ['192.0.2.7/32', true],
  ['192.0.2.0/24', true],
  ['192.0.2.7/24', false],
  ['192.0.2.4/30', true],
  ['192.0.2.6/30', false],
  ['198.51.0.0/8', false],
  ['0.0.0.0/0', true],
  ['2001:db8::/32', true],
  ['2001:db8::1/32', false],
  ['2001:db8::1/128', true],
  ['2001:db8:0:0:8000::/65', true],
  ['::/0', true],
  ['::ffff:192.0.2.0/120', true],
  ['::ffff:192.0.2.7/120', false],
])('%s begins its network: %s', (network, expected) => {
  expect(isNetworkStart(network)).toBe(expected);
});
