import { type EventEmitter, once } from 'node:events';
import { readFileSync, renameSync } from 'node:fs';
import { get } from 'node:http';
import { connect, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { describeError, errorCode, IhandlerError, isIhandlerError } from './error.ts';

const coded = (code: unknown) => Object.assign(new Error('x'), { code });

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
    ['a message', { message: 'a message' }],
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

  it('describes servers that close or speak another protocol without the texts of Node and OpenSSL', async () => {
    const reported = async (answer: string, ask: (port: number) => EventEmitter): Promise<string> => {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(answer));
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const [error] = await once(ask(typeof address === 'object' ? (address?.port ?? 0) : 0), 'error');
      server.close();
      return describeError(error);
    };
    const http = (port: number) => get(`http://127.0.0.1:${port}/`);
    const tls = (port: number) => connectTls(port, '127.0.0.1');
    expect(await reported('', http)).toBe('the other side closed the connection without an answer');
    expect(await reported('SSH-2.0-OpenSSH_9.2\r\n', http)).toBe('the answer is not HTTP');
    expect(await reported('', tls)).toBe('the other side closed the connection during the TLS handshake');
    expect(await reported('SSH-2.0-OpenSSH_9.2\r\n', tls)).toBe('the answer is not TLS');
    expect(
      describeError(
        new Error('80FC:error:0A000410:SSL routines:read:sslv3 alert handshake failure:a.c:1:\n'),
      ),
    ).toBe('sslv3 alert handshake failure');
  });

  it('cuts a message that is too long', () => {
    expect(describeError(new Error('x'.repeat(100_000)))).toHaveLength(4001);
  });

  it('describes an error that throws when it is read', () => {
    const hostile = new Proxy(new Error('x'), {
      get: () => {
        throw new Error('not to be read');
      },
      getPrototypeOf: () => {
        throw new Error('not to be asked');
      },
    });
    expect(describeError(hostile)).toBe('an error that cannot be described');
    expect(isIhandlerError(hostile)).toBe(false);
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
