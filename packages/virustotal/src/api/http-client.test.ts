import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { startVirusTotalServer } from '@ihandler/test-support/virustotal-server';
import { expect, it, onTestFinished } from 'vitest';
import { createHttpClient } from './http-client.ts';

/** Starts an HTTP proxy on this machine. */
async function startProxy(password?: string) {
  const asked: string[] = [];
  const proxy = createServer();
  const expected = password && `Basic ${Buffer.from(password).toString('base64')}`;
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    if (expected !== undefined && request.headers['proxy-authorization'] !== expected) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const { hostname, port } = new URL(`http://${request.url}`);
    const onward = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    // Either end may close first.
    for (const end of [socket, onward]) end.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  // Safe: a server that listens on a port has such an address.
  return { asked, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
}

async function startServer() {
  const server = await startVirusTotalServer();
  onTestFinished(() => server.stop());
  return server;
}

it('the HTTP client uses the configured proxy', async () => {
  const [server, proxy] = [await startServer(), await startProxy()];
  const http = createHttpClient(server.key, proxy.url);
  onTestFinished(() => http.close());
  const url = `${server.url}/files/${'a'.repeat(64)}`;
  expect(await http.send({ method: 'GET', url, timeout: 5000 })).toMatchObject({ status: 404 });
  expect(proxy.asked).toEqual([new URL(url).host]);
});

it('the HTTP client authenticates to a proxy, and its error shows no secret', async () => {
  const [server, proxy] = [await startServer(), await startProxy('me:good-secret')];
  const url = `${server.url}/files/${'a'.repeat(64)}`;
  const ask = async (credentials: string) => {
    const http = createHttpClient(server.key, proxy.url.replace('//', `//${credentials}@`));
    onTestFinished(() => http.close());
    return http.send({ method: 'GET', url, timeout: 5000 });
  };
  expect(await ask('me:good-secret')).toMatchObject({ status: 404 });
  const refused: unknown = await ask('me:wrong-secret').catch((error: unknown) => error);
  expect(String(refused)).toMatch(/407/);
  expect(String(refused)).not.toMatch(/secret/);
  expect(server.requests).toHaveLength(1);
});

it('the HTTP client follows no redirect, and aborts a request that hangs', async () => {
  const server = await startServer();
  const http = createHttpClient(server.key);
  const ask = (timeout = 5000) =>
    http.send({ method: 'GET', url: `${server.url}/files/${'a'.repeat(64)}`, timeout });
  server.setFault(() => ({ kind: 'redirect', to: server.url }));
  expect(await ask()).toMatchObject({ status: 302 });
  expect(server.requests).toHaveLength(1);
  server.setFault(() => ({ kind: 'slow', milliseconds: 60_000 }));
  await expect(ask(300)).rejects.toThrow(expect.objectContaining({ name: 'NoResponse' }));
  const hanging = ask();
  const ended = expect(hanging).rejects.toThrow(expect.objectContaining({ name: 'NoResponse' }));
  await http.close();
  await ended;
});
