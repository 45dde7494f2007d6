import { getSystemErrorMap } from 'node:util';

/** Plain words for the codes that operators meet. The words of the system are used for the others. */
const phrases: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'this machine does not have this address',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the other side reset the connection',
  EHOSTUNREACH: 'the host cannot be reached',
  EISDIR: 'this is a folder',
  EMFILE: 'too many open files',
  ENETUNREACH: 'the network cannot be reached',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on the disk',
  ENOTDIR: 'a part of the path is not a folder',
  ENOTFOUND: 'unknown host name',
  EPERM: 'operation not permitted',
  EPIPE: 'the other side closed the connection',
  EROFS: 'the file system is read-only',
  ETIMEDOUT: 'connection timed out',
  EACCES: 'permission denied',
  ERR_INVALID_ARG_VALUE: 'the path contains a NUL character',
  SQLITE_CANTOPEN: 'the file cannot be opened',
  SQLITE_IOERR: 'the disk reported an error',
  SQLITE_PERM: 'permission denied',
  SQLITE_READONLY: 'the file or its folder is read-only',
  Z_BUF_ERROR: 'the compressed data ends early',
  Z_DATA_ERROR: 'the compressed data is damaged',
};

/**
 * Plain words for the `code` of an error of the system, of SQLite or of zlib, such as `permission denied` for `EACCES`; the
 * code itself when nothing better is known.
 */
export function describeCode(code: string): string {
  const [base = ''] = /^SQLITE_[A-Z]+/.exec(code) ?? [code];
  const known = phrases[code] ?? phrases[base];
  if (known !== undefined) return known;
  const system = [...getSystemErrorMap().values()].find(([name]) => name === code);
  return system?.[1] ?? code;
}

function textOf(error: Error, property: string): string | undefined {
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What a failed system call was about: a path, an address or a host name. */
function subjectOf(error: Error): string | undefined {
  const port: unknown = Reflect.get(error, 'port');
  const address = textOf(error, 'address');
  if (address !== undefined) return typeof port === 'number' && port >= 0 ? `${address}:${port}` : address;
  const target = textOf(error, 'dest');
  const path = textOf(error, 'path');
  return path === undefined
    ? textOf(error, 'hostname')
    : target === undefined
      ? path
      : `${path} to ${target}`;
}

/** Plain words for messages of Node, its HTTP parser and OpenSSL about the other side of a connection. */
const messages: readonly (readonly [reported: RegExp, phrase: string])[] = [
  [/^socket hang up$|^other side closed$/, 'the other side closed the connection without an answer'],
  [
    /^Client network socket disconnected before secure TLS/,
    'the other side closed the connection during the TLS handshake',
  ],
  [
    /^Parse Error: Expected HTTP\/|^Parse Error: Invalid (?:HTTP|status|character)|does not match the HTTP\/1\.1 protocol/,
    'the answer is not HTTP',
  ],
  [
    /SSL routines:[^:]*:(?:wrong version number|unknown protocol|packet length too long)/,
    'the answer is not TLS',
  ],
];

/** `sslv3 alert handshake failure` of `80FC…:error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:…`. */
const opensslReason = /^[\w ]*:error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):/;

function describeMessage({ message }: Error): string | undefined {
  if (typeof message !== 'string') return undefined;
  const phrase = messages.find(([reported]) => reported.test(message))?.[1];
  return phrase ?? opensslReason.exec(message)?.[1];
}

/** Whether the message of an error says less than the phrase for its code. */
function isWordless(code: string, { message }: Error): boolean {
  return (
    /^Z_(?:BUF|DATA)_ERROR$/.test(code) ||
    (code === 'ERR_INVALID_ARG_VALUE' && message.includes('null bytes'))
  );
}

/**
 * An error of the system or of a connection in plain words, such as `permission denied: /var/x.log` for `EACCES: permission
 * denied, open '/var/x.log'`; undefined for any other error, and for one whose message says something else.
 */
export function describeSystemError(error: Error): string | undefined {
  const code = textOf(error, 'code');
  if (code !== undefined && isWordless(code, error)) return phrases[code];
  const said = describeMessage(error);
  if (said !== undefined) return said;
  const syscall = textOf(error, 'syscall');
  if (code === undefined || syscall === undefined || !/^E[A-Z0-9_]+$/.test(code)) return undefined;
  if (!error.message.startsWith(`${code}: `) && !error.message.startsWith(`${syscall} ${code}`))
    return undefined;
  const errno: unknown = Reflect.get(error, 'errno');
  const phrase =
    phrases[code] ?? (typeof errno === 'number' ? getSystemErrorMap().get(errno)?.[1] : undefined);
  if (phrase === undefined) return undefined;
  const subject = subjectOf(error);
  return subject === undefined ? phrase : `${phrase}: ${subject}`;
}
