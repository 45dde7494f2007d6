import { hostname } from 'node:os';
import { expect, it } from 'vitest';
import { isLoopback, isTrustedHost } from './trusted-host.ts';

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

it.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['127.example.com', false],
])('%s is loopback: %s', (host, loopback) => {
  expect(isLoopback(host)).toBe(loopback);
});
