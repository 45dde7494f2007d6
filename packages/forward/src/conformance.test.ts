import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeHandler } from '@ihandler/testkit';
import { afterAll, beforeAll, it } from 'vitest';
import forward from './index.ts';

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(204).end());
});
let port = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Safe: the server listens on a port.
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describeHandler(it, () => forward({ url: `http://127.0.0.1:${port}/` }));
