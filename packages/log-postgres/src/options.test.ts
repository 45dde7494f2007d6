import { expect, it, vi } from 'vitest';
import logPostgres from './index.ts';
import { parseLogPostgresOptions } from './options.ts';

it('log-postgres parses the URL, whose parts take precedence over the options', () => {
  const url = 'postgres://us%40er:p%2Fw@[2001:db8::1]:6543/at%20tacks?sslmode=verify-full&schema=mine';
  expect(parseLogPostgresOptions({ url, user: 'other', schema: 'theirs', keep: '2d' })).toEqual({
    login: {
      host: '2001:db8::1',
      port: 6543,
      database: 'at tacks',
      user: 'us@er',
      password: 'p/w',
      tls: {},
      schema: 'mine',
      name: 'at tacks at [2001:db8::1]:6543',
    },
    schema: 'mine',
    keep: 2 * 86_400_000,
    remember: 30 * 86_400_000,
  });
});

it('log-postgres reads the password from its own environment variable, else from PGPASSWORD', () => {
  const password = () => parseLogPostgresOptions({ url: 'postgres://db/attacks' }).login.password;
  vi.stubEnv('PGPASSWORD', 'general');
  expect(password()).toBe('general');
  vi.stubEnv('IHANDLER_POSTGRES_PASSWORD', 'own');
  expect(password()).toBe('own');
});

it.each([
  ['', undefined, undefined],
  ['', { ca: '/a.pem' }, { ca: '/a.pem' }],
  ['?sslmode=disable', { ca: '/a.pem' }, undefined],
  ['?sslmode=require', { ca: '/a.pem' }, { ca: '/a.pem' }],
  [
    '?sslmode=verify-full&sslrootcert=/b.pem',
    { ca: '/a.pem', insecure: true },
    { ca: '/b.pem', insecure: true },
  ],
  ['?sslrootcert=/b.pem', undefined, { ca: '/b.pem' }],
])(
  'log-postgres encrypts with the settings of the URL "%s" and the option tls %j',
  (query, tls, expected) => {
    const url = `postgres://db/attacks${query}`;
    expect(parseLogPostgresOptions({ url, ...(tls && { tls }) }).login.tls).toEqual(expected);
  },
);

it.each([
  ['options without a server', {}, 'url: expected a URL such as "postgres://'],
  ['a URL without a host', { url: 'postgres:///x' }, 'expected a URL with a host'],
  ['the URL of another database', { url: 'mysql://root:hunter2@db/x' }, 'expected a URL such as postgres://'],
  ['a URL with an invalid port', { url: 'postgres://root:hunter2@db:port/x' }, 'expected a URL such as'],
  ['an unknown parameter', { url: 'postgres://root:hunter2@db/x?sslkey=hunter2' }, 'found "sslkey"'],
  ['an invalid escape sequence', { url: 'postgres://root:hunter2%@db/x' }, 'found a "%" that does not begin'],
  [
    'a schema that needs quotes',
    { url: 'postgres://db/x', schema: 'My Schema' },
    'schema: expected a name of lower-case letters',
  ],
  [
    'a password that is not a text',
    { url: 'postgres://db/x', password: ['hunter2'] },
    'found a value (hidden)',
  ],
])('log-postgres rejects %s, and never shows a password', (_, options, message) => {
  let found = '';
  try {
    // Safe: what a user wrote may be anything.
    logPostgres(options as { url: string });
  } catch (error) {
    found = String(error);
  }
  expect(found).toContain(message);
  expect(found).not.toContain('hunter2');
});
