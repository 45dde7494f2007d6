import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

/** A scripted response. */
export interface ScriptedResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A server with scripted responses, as a hub or a proxy might send them. */
export interface AnsweringServer {
  readonly url: string;
  readonly requests: { readonly head: IncomingMessage; readonly lines: readonly string[] }[];
}

/** Starts a server, which stops with the test. `answer` returns the response to each post, or cuts the connection. */
export async function startServer(
  answer: (lines: readonly string[]) => ScriptedResponse | 'cut',
): Promise<AnsweringServer> {
  const requests: AnsweringServer['requests'] = [];
  const server = createServer((head, response) => {
    const chunks: Buffer[] = [];
    head.on('data', (chunk) => chunks.push(chunk));
    head.on('end', () => {
      const body = Buffer.concat(chunks);
      const plain = head.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
      const lines = plain.toString('utf8').trimEnd().split('\n');
      requests.push({ head, lines });
      const scripted = answer(lines);
      if (scripted === 'cut') head.socket.destroy();
      else response.writeHead(scripted.status, scripted.headers).end(scripted.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  // Safe: the server listens on a port.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, requests };
}
