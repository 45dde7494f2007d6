import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { errorCode } from '@ihandler/core/kit';

const reasons = new Map<string, readonly [status: number, reason: string]>([
  [
    'ERR_HTTP_REQUEST_TIMEOUT',
    [408, 'Expected the headers within 5 seconds and the whole request within 10 seconds.'],
  ],
  ['HPE_HEADER_OVERFLOW', [431, 'Expected at most 16 KiB of headers, found more.']],
]);
const otherReason = [400, 'Expected a request in HTTP/1, found a malformed or incomplete one.'] as const;

/** Answers a malformed request in JSON, like every other error, and closes its connection. For a server's `clientError`. */
export function answerMalformed(error: Error, socket: Duplex): void {
  const code = errorCode(error);
  // A client that has left, or never finished the TLS handshake, cannot be answered.
  if (!/^(?:HPE|ERR_HTTP)_/.test(code) || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, reason] = reasons.get(code) ?? otherReason;
  const body = `${JSON.stringify({ error: reason })}\n`;
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
