import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { createPackage, succeed } from '../support/created-package.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'create-ihandler-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A webhook on loopback that stores the bodies of requests. */
async function startWebhook(): Promise<{ readonly url: string; readonly bodies: readonly string[] }> {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(await text(request));
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // Safe: it listens on TCP.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, bodies };
}

it('npm create ihandler writes a handler in JavaScript that runs on the recorded attack', async () => {
  const { path } = await createPackage(folder, 'handler', 'js');
  const { url, bodies } = await startWebhook();
  await succeed(`ihandler try .:url=${url}`, path);
  expect(bodies.map((body) => JSON.parse(body))).toMatchObject([{ md5: '1d419d615dbe5a238bbaa569b3829a23' }]);
}, 120_000);

it('npm create ihandler writes a handler and a source in TypeScript that build and are typed strictly', async () => {
  const { script } = await createPackage(folder, 'both', 'ts');
  await script('build');
  await script('typecheck');
}, 120_000);

it('npm create ihandler writes a source in JavaScript that builds and reads its example', async () => {
  const { path, script } = await createPackage(folder, 'source', 'js');
  await script('build');
  expect(await succeed('node show.mjs example.log', path)).toBe(
    'my-sensor root example-1 198.51.100.7\nmy-sensor root example-2 198.51.100.7\n',
  );
}, 120_000);
