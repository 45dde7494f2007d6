import { connect } from 'node:net';

/** Sends a raw request on a connection of its own; resolves with the status. */
export function sendRequest(port: number, request: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(Number(/^HTTP\/1.1 (\d+) /.exec(text)?.[1])));
  });
}

/** A post of one line, as Python's urllib sends it. */
export function postOf(body: string, path = '/incidents'): string {
  const head = `POST ${path} HTTP/1.1\r\nAccept-Encoding: identity\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return `${head}Host: 127.0.0.1\r\nUser-Agent: Python-urllib/3.11\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${body}`;
}
