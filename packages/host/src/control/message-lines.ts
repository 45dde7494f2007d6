import type { Socket } from 'node:net';

/**
 * Calls back with each line of a socket, parsed as JSON. A line that is none, or longer than `longest` characters, ends
 * the socket.
 */
export function onJsonLine(socket: Socket, longest: number, callback: (value: unknown) => void): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end !== -1 && !socket.destroyed; end = text.indexOf('\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 1);
      let value: unknown;
      try {
        value = JSON.parse(line);
      } catch {
        // A client that sends anything else does not follow the protocol.
        socket.destroy();
        return;
      }
      callback(value);
    }
    if (text.length > longest) socket.destroy();
  });
}
