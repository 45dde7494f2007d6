import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { startVirusTotalServer } from '@ihandler/test-support/virustotal-server';
import { expect, it, onTestFinished } from 'vitest';
import { createHttpClient } from './http-client.ts';

/** An HTTP proxy on this machine that passes on what it is asked for. */
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
    // Either end may go first.
    for (const end of [socket, onward]) end.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  // Safe: a server that listens on a port has an address of this kind.
  return { asked, url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
}

async function startServer() {
  const server = await startVirusTotalServer();
  onTestFinished(() => server.stop());
  return server;
}

it('asks through the proxy that it is told', async () => {
  const [server, proxy] = [await startServer(), await startProxy()];
  const http = createHttpClient(server.key, proxy.url);
  onTestFinished(() => http.close());
  const url = `${server.url}/files/${'a'.repeat(64)}`;
  expect(await http.send({ method: 'GET', url, timeout: 5000 })).toMatchObject({ status: 404 });
  expect(proxy.asked).toEqual([new URL(url).host]);
});

it('tells a proxy who it is, and no secret of one that refuses it', async () => {
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

it('follows no redirect, and ends what hangs', async () => {
  const server = await startServer();
  const http = createHttpClient(server.key);
  const ask = (timeout = 5000) =>
    http.send({ method: 'GET', url: `${server.url}/files/${'a'.repeat(64)}`, timeout });
  server.setFault(() => ({ kind: 'redirect', to: server.url }));
  expect(await ask()).toMatchObject({ status: 302 });
  expect(server.requests).toHaveLength(1);
  server.setFault(() => ({ kind: 'slow', milliseconds: 60_000 }));
  await expect(ask(300)).rejects.toThrow(expect.objectContaining({ name: 'NoAnswer' }));
  const hanging = ask();
  const ended = expect(hanging).rejects.toThrow(expect.objectContaining({ name: 'NoAnswer' }));
  await http.close();
  await ended;
});
