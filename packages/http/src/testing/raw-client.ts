import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Writes raw bytes to a port, `pause` milliseconds apart; resolves with everything received until the connection closed. */
export function sendRaw(
  port: number,
  parts: readonly (string | Uint8Array)[],
  pause = 0,
): Promise<{ readonly text: string; readonly took: number }> {
  const began = performance.now();
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    // A connection that the port cuts ends like any other here.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ text, took: performance.now() - began }));
    void (async () => {
      for (const part of parts) {
        if (!socket.writable) return;
        socket.write(part);
        if (pause > 0) await delay(pause);
      }
    })();
  });
}

/** The head of a post, as Python's urllib writes it. */
export function head(length: number, path = '/incidents', ...headers: readonly string[]): string {
  const lines = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Content-Length: ${length}`,
    ...headers,
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}
