import { expect, it, vi } from 'vitest';
import logPostgres from './index.ts';
import { parseLogPostgresOptions } from './options.ts';

it('takes an address apart, and lets its parts go before the options', () => {
  const url = 'postgres://us%40er:p%2Fw@[2001:db8::1]:6543/at%20tacks?sslmode=verify-full&schema=mine';
  expect(parseLogPostgresOptions({ url, user: 'other', schema: 'theirs', keep: '2d' })).toEqual({
    login: {
      host: '2001:db8::1',
      port: 6543,
      database: 'at tacks',
      user: 'us@er',
      password: 'p/w',
      ssl: true,
      ca: undefined,
      schema: 'mine',
      name: 'at tacks at [2001:db8::1]:6543',
    },
    schema: 'mine',
    keep: 2 * 86_400_000,
    remember: 30 * 86_400_000,
  });
});

it('takes the password from the environment: its own variable, else that of every PostgreSQL program', () => {
  const password = () => parseLogPostgresOptions({ host: 'db' }).login.password;
  vi.stubEnv('PGPASSWORD', 'general');
  expect(password()).toBe('general');
  vi.stubEnv('IHANDLER_POSTGRES_PASSWORD', 'own');
  expect(password()).toBe('own');
});

it('encrypts when a certificate to trust is named', () => {
  expect(parseLogPostgresOptions({ host: 'db' }).login.ssl).toBe(false);
  expect(parseLogPostgresOptions({ host: 'db', ca: '/there/is/none.pem' }).login.ssl).toBe(true);
});

it.each([
  ['nothing that says where', {}, 'expected "url", such as postgres://'],
  [
    'an address of something else',
    { url: 'mysql://root:hunter2@db/x' },
    'expected an address such as postgres://',
  ],
  [
    'an address with a port that is none',
    { url: 'postgres://root:hunter2@db:port/x' },
    'expected an address such as',
  ],
  [
    'a parameter that it does not know',
    { url: 'postgres://root:hunter2@db/x?sslkey=hunter2' },
    'found "sslkey"',
  ],
  ['an escape that is none', { url: 'postgres://root:hunter2%@db/x' }, 'found a "%" that begins no escape'],
  [
    'a schema that needs quotes',
    { host: 'db', schema: 'My Schema' },
    'schema: expected a name of lower-case letters',
  ],
  ['a password that is no text', { host: 'db', password: ['hunter2'] }, 'found a value (hidden)'],
])('refuses %s, and never shows a password', (_, options, message) => {
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
