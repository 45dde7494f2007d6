import { errorCode } from '@ihandler/core/kit';
import { expect, it } from 'vitest';
import { assertDriver, explainDriver } from './index.ts';

it.each([
  ['is missing', new Error('Could not locate the bindings file. Tried:\n → /x/better_sqlite3.node')],
  [
    'does not fit Node',
    Object.assign(new Error('was compiled against a different Node.js version'), {
      code: 'ERR_DLOPEN_FAILED',
    }),
  ],
])(
  'a native part of SQLite that %s is explained in one line, with the command that fixes it',
  (problem, error) => {
    const explained = explainDriver(error);
    expect(errorCode(explained)).toBe('HANDLER_INVALID');
    expect(String(explained)).toContain(problem);
    expect(String(explained)).toMatch(/pnpm rebuild better-sqlite3\. .*build-essential/);
    expect(String(explained)).not.toContain('\n');
  },
);

it('assertDriver passes where SQLite works, and other errors stay as they are', () => {
  expect(assertDriver).not.toThrow();
  const other = new Error('other');
  expect(explainDriver(other)).toBe(other);
});
