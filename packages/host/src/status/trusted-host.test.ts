import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { isTrustedHost } from './trusted-host.ts';

it.each([
  [undefined, true],
  ['127.0.0.1:9464', true],
  ['[::1]:9464', true],
  ['192.0.2.1', true],
  ['localhost:9464', true],
  ['LOCALHOST.', true],
  [`${hostname()}:9464`, true],
  ['monitor.example.com:9464', true],
  ['evil.example.com:9464', false],
  ['evil.example.com', false],
  ['127.0.0.1.evil.example.com', false],
  ['localhost.evil.example.com', false],
  ['', false],
])('a request for the host %j is trusted: %s', (header, trusted) => {
  expect(isTrustedHost(header, ['Monitor.example.com'])).toBe(trusted);
});
