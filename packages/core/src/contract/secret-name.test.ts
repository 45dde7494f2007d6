import { expect, it } from 'vitest';
import { isSecretName } from './options.ts';

it.each([
  'key',
  'apiKey',
  'api_key',
  'apikey',
  'accessKey',
  'aws_secret_access_key',
  'private-key',
  'signingKey',
  'PRIVATE_KEY',
  'secret',
  'clientSecret',
  'token',
  'accessToken',
  'X-Auth-Token',
  'pass',
  'password',
  'passwd',
  'PGPASSWORD',
  'passphrase',
  'passcode',
  'pwd',
  'credential',
  'credentials',
  'auth',
  'authorization',
  'Authorization',
])('isSecretName accepts %s', (name) => {
  expect(isSecretName(name)).toBe(true);
});

it.each([
  '',
  'user',
  'username',
  'url',
  'host',
  'file',
  'keep',
  'author',
  'authority',
  'ca',
  'cert',
  'ident',
  'sensor',
])('isSecretName rejects "%s"', (name) => {
  expect(isSecretName(name)).toBe(false);
});
