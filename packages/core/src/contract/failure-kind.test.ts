import dns from 'node:dns';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { selfSigned } from '@ihandler/test-support/servers';
import { describe, expect, it } from 'vitest';
import { IhandlerError, permanent, temporary } from './error.ts';
import { type FailureKind, failureKind, temporaryCodes, temporaryPrefixes } from './failure-kind.ts';

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
    ['temporary', 'a deadline of AbortSignal.timeout', new DOMException('x', 'TimeoutError')],
    ['temporary', 'a request that the handler aborted', new DOMException('x', 'AbortError')],
    ['temporary', 'an aborted operation of Node', Object.assign(new Error('x'), { name: 'AbortError' })],
    ['temporary', 'a certificate that has expired', coded('CERT_HAS_EXPIRED')],
    ['temporary', 'a certificate that is not trusted', coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE')],
    ['temporary', 'a certificate for another name', coded('ERR_TLS_CERT_ALTNAME_INVALID')],
    ['temporary', 'a port that does not speak TLS', coded('ERR_SSL_WRONG_VERSION_NUMBER')],
    ['temporary', 'a name server that does not answer', coded('ETIMEOUT')],
    ...[408, 425, 429, 500, 502, 503, 504, 599].map((status): [FailureKind, string, unknown] => [
      'temporary',
      `the answer ${status}`,
      Object.assign(new Error('x'), { status }),
    ]),
    ['temporary', 'statusCode, as undici names it', Object.assign(new Error('x'), { statusCode: 503 })],
    [
      'temporary',
      'response.status, as axios names it',
      Object.assign(new Error('x'), { response: { status: 429 } }),
    ],
    ['unknown', 'the answer 404', Object.assign(new Error('x'), { status: 404 })],
    ['unknown', 'a status that is a text', Object.assign(new Error('x'), { status: '503' })],
    ['unknown', 'a wrong argument for undici', coded('UND_ERR_INVALID_ARG')],
    ['temporary', 'a cause of a cause', caused(caused(temporary('busy')))],
    ['temporary', 'the journal is full', new IhandlerError('JOURNAL_FULL', 'full')],
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

describe('the table of temporary errors in docs/write-a-handler.md', () => {
  const page = readFileSync(new URL('../../../../docs/write-a-handler.md', import.meta.url), 'utf8');
  const table = page.split('### Which errors are temporary')[1]?.split('\n#')[0] ?? '';
  const listed = [...table.matchAll(/`([A-Z][A-Z0-9_]+)`/g)].map(([, code = '']) => code);

  it('lists every code and every beginning of one, and nothing else', () => {
    expect(listed.toSorted()).toEqual([...temporaryCodes, ...temporaryPrefixes].toSorted());
  });
});

describe('the codes of Node and undici', () => {
  it('of lookups by c-ares are temporary, except for wrong arguments', () => {
    const ofLookups = Object.values(dns).filter((value) => typeof value === 'string');
    const wrongArguments =
      /^E(?:BADQUERY|BADNAME|BADFAMILY|OF|FILE|BADSTR|BADFLAGS|NONAME|BADHINTS|NOTINITIALIZED|LOADIPHLPAPI|ADDRGETNETWORKPARAMS)$/;
    expect(ofLookups.length).toBeGreaterThan(20);
    const unknown = ofLookups.filter((code) => failureKind(coded(code)) !== 'temporary');
    expect(unknown.filter((code) => !wrongArguments.test(code))).toEqual([]);
  });

  it.each([
    'UND_ERR_CONNECT_TIMEOUT UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT UND_ERR_HEADERS_OVERFLOW UND_ERR_ABORT',
    'UND_ERR_ABORTED UND_ERR_INFO UND_ERR_RES_CONTENT_LENGTH_MISMATCH UND_ERR_DESTROYED UND_ERR_CLOSED UND_ERR_SOCKET',
    'UND_ERR_PRX_TLS HPE_INVALID_CONSTANT HPE_HEADER_OVERFLOW ERR_HTTP2_GOAWAY_SESSION ERR_PROXY_TUNNEL',
  ])('of undici and HTTP are temporary: %s', (codes) => {
    for (const code of codes.split(' ')) expect(failureKind(caused(coded(code))), code).toBe('temporary');
  });

  it('of wrong arguments, and of limits that the handler sets, are unknown', () => {
    const codes = 'UND_ERR_INVALID_ARG UND_ERR_NOT_SUPPORTED UND_ERR_RES_EXCEEDED_MAX_SIZE ERR_INVALID_URL';
    for (const code of codes.split(' ')) expect(failureKind(coded(code)), code).toBe('unknown');
  });
});

/** What a piece of work throws. */
async function failureOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure');
}

async function withServer<T>(server: Server, work: (port: number) => Promise<T>): Promise<T> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await work((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}

describe('the failure of a real request', () => {
  it('is temporary when AbortSignal.timeout ends it', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    const error = await withServer(silent, (port) =>
      failureOf(() => fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(50) })),
    );
    expect(error).toMatchObject({ name: 'TimeoutError' });
    expect(failureKind(error)).toBe('temporary');
    const aborted = await failureOf(() => once(silent, 'never', { signal: AbortSignal.timeout(1) }));
    expect(failureKind(aborted)).toBe('temporary');
  });

  it('is temporary when the server closes the connection before or during its answer', async () => {
    const rude = createServer((socket) => socket.once('data', () => socket.destroy()));
    const closed = await withServer(rude, (port) => failureOf(() => fetch(`http://127.0.0.1:${port}/`)));
    expect(failureKind(closed)).toBe('temporary');
    const cutting = createHttpServer((_request, response) => {
      response.writeHead(200, { 'content-length': 1000 });
      response.write('part', () => response.destroy());
    });
    const cut = await withServer(cutting, (port) =>
      failureOf(async () => (await fetch(`http://127.0.0.1:${port}/`)).text()),
    );
    expect(failureKind(cut)).toBe('temporary');
  });

  it('is temporary when the port is closed or the host name is unknown', async () => {
    expect(failureKind(await failureOf(() => fetch('http://127.0.0.1:1/')))).toBe('unknown'); // a port that fetch blocks
    const port = await withServer(createServer(), async (free) => free);
    expect(failureKind(await failureOf(() => fetch(`http://127.0.0.1:${port}/`)))).toBe('temporary');
    expect(failureKind(await failureOf(() => fetch('http://unknown.invalid/')))).toBe('temporary');
  });

  it('is temporary when the certificate of the server has expired, is for another name or is not trusted', async () => {
    for (const flaw of ['expired', 'other name', undefined] as const) {
      const certificate = selfSigned(flaw);
      try {
        const [cert, key] = [readFileSync(certificate.cert), readFileSync(certificate.key)];
        const server = createHttpsServer({ cert, key });
        const error = await withServer(server, (port) =>
          failureOf(() => fetch(`https://127.0.0.1:${port}/`)),
        );
        expect(failureKind(error), flaw).toBe('temporary');
      } finally {
        certificate.remove();
      }
    }
  });

  it('is temporary when the server does not speak HTTP', async () => {
    const other = createServer((socket) =>
      socket.on('error', () => undefined).end('SSH-2.0-OpenSSH_9.2\r\n'),
    );
    const error = await withServer(other, (port) => failureOf(() => fetch(`http://127.0.0.1:${port}/`)));
    expect(failureKind(error)).toBe('temporary');
  });

  it('is temporary when the server does not speak TLS', async () => {
    const plain = createServer((socket) => socket.on('error', () => undefined).end('220 hello\r\n'));
    const error = await withServer(plain, (port) => failureOf(() => fetch(`https://127.0.0.1:${port}/`)));
    expect(failureKind(error)).toBe('temporary');
  });
});
