import { once } from 'node:events';
import { readFileSync, renameSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  describeError,
  errorCode,
  type FailureKind,
  failureKind,
  IhandlerError,
  isIhandlerError,
  permanent,
  temporary,
} from './error.ts';

const coded = (code: unknown) => Object.assign(new Error('x'), { code });
const caused = (cause: unknown) => new Error('x', { cause });

describe('failureKind', () => {
  it.each<[FailureKind, string, unknown]>([
    ['temporary', 'temporary()', temporary('busy')],
    ['temporary', 'temporary() with a time', temporary('busy', { retryAfter: 5 })],
    ['temporary', 'a plain object with retryAfter', { retryAfter: 0 }],
    ['temporary', 'a closed port', coded('ECONNREFUSED')],
    ['temporary', 'no such host', coded('ENOTFOUND')],
    ['temporary', 'the disk is full', coded('ENOSPC')],
    ['temporary', 'the quota is full', coded('EDQUOT')],
    ['temporary', 'the disk is broken', coded('EIO')],
    ['temporary', 'too many files', coded('EMFILE')],
    ['temporary', 'the folder is read-only', coded('EROFS')],
    ['temporary', 'no permission, which an operator gives', coded('EACCES')],
    ['temporary', 'the database is locked', coded('SQLITE_BUSY')],
    ['temporary', 'the database is locked by a snapshot', coded('SQLITE_BUSY_SNAPSHOT')],
    ['temporary', 'the disk of the database is full', coded('SQLITE_FULL')],
    ['temporary', 'the disk of the database is broken', coded('SQLITE_IOERR_WRITE')],
    ['temporary', 'undici, which fetch is', coded('UND_ERR_CONNECT_TIMEOUT')],
    ['temporary', 'fetch failed because of the network', caused(coded('ECONNRESET'))],
    ['temporary', 'a cause of a cause', caused(caused(temporary('busy')))],
    ['temporary', 'the journal takes nothing', new IhandlerError('JOURNAL_FULL', 'full')],
    [
      'unknown',
      'the journal has failed, whatever the reason',
      new IhandlerError('JOURNAL_FAILED', 'fsync failed', { cause: coded('EIO') }),
    ],
    ['permanent', 'permanent()', permanent('no')],
    ['permanent', 'a plain object with permanent', { permanent: true }],
    ['permanent', 'permanent because of the network', permanent('gone', { cause: coded('ECONNRESET') })],
    ['unknown', 'an Error', new Error('x')],
    ['unknown', 'a bug', new TypeError('x is undefined')],
    ['unknown', 'a row that does not fit', coded('SQLITE_CONSTRAINT')],
    ['unknown', 'no such file', coded('ENOENT')],
    ['unknown', 'a code that is a number', coded(11)],
    ['unknown', 'retryAfter that is not a number', { retryAfter: '5' }],
    ['unknown', 'permanent that is not true', { permanent: 'no' }],
    ['unknown', 'text', 'EBUSY'],
    ['unknown', 'nothing', undefined],
    ['unknown', 'null', null],
    ['unknown', 'a cause of an Error that is not an error', caused('EBUSY')],
  ])('is %s for %s', (kind, _, error) => {
    expect(failureKind(error)).toBe(kind);
  });

  it('ends when the causes form a circle', () => {
    const error = caused(undefined);
    error.cause = error;
    expect(failureKind(error)).toBe('unknown');
  });
});

describe('errorCode', () => {
  it.each<[string, unknown]>([
    ['ENOENT', coded('ENOENT')],
    ['SQLITE_BUSY', { code: 'SQLITE_BUSY' }],
    ['', coded(404)],
    ['', new Error('x')],
    ['', undefined],
    [
      '',
      {
        get code() {
          throw new Error('not to be read');
        },
      },
    ],
  ])('returns %j', (code, error) => {
    expect(errorCode(error)).toBe(code);
  });
});

describe('describeError', () => {
  it.each<[string, unknown]>([
    ['no such file', new Error('no such file')],
    ['TypeError', new TypeError('')],
    ['it failed (no such host)', new Error('it failed', { cause: new Error('no such host') })],
    ['text', 'text'],
    ['undefined', undefined],
    ['an error that cannot be described', Object.create(null)],
  ])('returns %j', (text, error) => {
    expect(describeError(error)).toBe(text);
  });

  it('describes errors of the system without their codes', async () => {
    const failed = async (work: () => unknown): Promise<string> => {
      try {
        await work();
      } catch (error) {
        return describeError(new Error('it failed', { cause: error }));
      }
      throw new Error('expected a failure');
    };
    expect(await failed(() => readFileSync('/nonexistent/a'))).toBe(
      'it failed (no such file or directory: /nonexistent/a)',
    );
    expect(await failed(() => readFileSync('/'))).toBe('it failed (this is a folder)');
    expect(await failed(() => renameSync('/nonexistent/a', '/b'))).toBe(
      'it failed (no such file or directory: /nonexistent/a to /b)',
    );
    expect(await failed(() => once(connect(1, '127.0.0.1'), 'connect'))).toBe(
      'it failed (connection refused: 127.0.0.1:1)',
    );
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    expect(await failed(() => once(createServer().listen(port, '127.0.0.1'), 'listening'))).toBe(
      `it failed (address already in use: 127.0.0.1:${port})`,
    );
    server.close();
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1'), {
      code: 'ECONNREFUSED',
      syscall: 'connect',
      address: '::1',
      port: 1,
    });
    expect(describeError(new AggregateError([refused]))).toBe('connection refused: ::1:1');
  });

  it('ends when the causes form a circle', () => {
    const error = new Error('circle');
    error.cause = error;
    expect(describeError(error)).toMatch(/^circle/);
    expect(describeError(error).length).toBeLessThan(200);
  });
});

it('an IhandlerError has a code, and isIhandlerError recognises it from any copy of core', () => {
  const error = new IhandlerError('TARGET_UNREADABLE', 'x', { cause: 7 });
  expect(error).toMatchObject({ code: 'TARGET_UNREADABLE', message: 'x', cause: 7, name: 'IhandlerError' });
  expect(isIhandlerError(error)).toBe(true);
  expect(isIhandlerError(Object.assign(new Error('x'), { name: 'IhandlerError' }))).toBe(true);
  expect(isIhandlerError({ name: 'IhandlerError' })).toBe(false);
  expect(isIhandlerError(new Error('x'))).toBe(false);
});
