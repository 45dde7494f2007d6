import { createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { installKeep } from '../testing/fixture-packages.ts';
import { until } from '../testing/running-world.ts';
import { createWorld, recorder, type World } from '../testing/world.ts';

const offer = `${JSON.stringify({
  name: 'dionaea',
  origin: 'dionaea.download.offer',
  timestamp: '2026-11-22T06:51:50',
  data: { url: 'http://192.0.2.1/x' },
})}\n`;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A running world whose journal accepts nothing, since no disk has as much free space as it asks for. */
async function fullWorld(source: string): Promise<{ readonly world: World; readonly url: string }> {
  const world = createWorld();
  world.link('journal-sqlite', 'dionaea', 'http');
  installKeep(world);
  const port = await freePort();
  world.write(
    'my.yaml',
    `data: data
health: { port: 0 }
journal: { name: sqlite, config: { minFree: 900TiB } }
sources:
  - { name: ${source}, as: port, config: { port: ${port} } }
ihandlers:
  - { name: keep, config: { file: kept.json } }
`,
  );
  const stop = new AbortController();
  const stderr = recorder();
  const ended = world.run(['run', '-c', 'my.yaml'], { signal: stop.signal, stderr, exit: () => undefined });
  onTestFinished(async () => {
    stop.abort();
    await ended;
  });
  await until(
    () => stderr.text(),
    (text) => text.includes('health and metrics'),
  );
  return { world, url: `http://127.0.0.1:${port}/incidents` };
}

async function status(world: World) {
  const { code, stdout } = await world.run(['status', '-c', 'my.yaml', '--json']);
  return { code, ...JSON.parse(stdout) };
}

async function post(url: string): Promise<number> {
  const response = await fetch(url, { method: 'POST', body: offer });
  await response.arrayBuffer();
  return response.status;
}

describe('a port while the journal is full', { timeout: 60_000 }, () => {
  test('dionaea-http answers 2xx, counts what is lost, and is unhealthy everywhere with the number', async () => {
    const { world, url } = await fullWorld('dionaea-http');
    for (let count = 0; count < 3; count += 1) expect(await post(url)).toBe(202);
    const found = await status(world);
    expect(found).toMatchObject({ code: 3, sources: [{ accepted: 0, lost: { count: 3 } }] });
    expect(found.problems).toEqual([
      expect.stringMatching(/^port: 3 incidents lost, the last .* ago: Journal full: .*less than minFree/),
    ]);
    const health = await fetch(`${found.health}/health`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({
      problems: [expect.stringMatching(/^port: 3 incidents lost/)],
    });
    const metrics = await (await fetch(`${found.health}/metrics`)).text();
    expect(metrics).toContain('ihandler_incidents_lost_total{source="port"} 3');
    const doctor = JSON.parse((await world.run(['doctor', '-c', 'my.yaml', '--json'])).stdout);
    expect(doctor.findings).toContainEqual(
      expect.objectContaining({
        severity: 'error',
        about: 'port',
        found: expect.stringMatching(/^3 incidents lost/),
      }),
    );
    const text = (await world.run(['status', '-c', 'my.yaml'])).stdout;
    expect(text).toContain('port: 3 incidents lost');
  });

  test('another HTTP source answers 503, so that its sender retries, and is unhealthy without losses', async () => {
    const { world, url } = await fullWorld('http');
    expect(await post(url)).toBe(400);
    const body = `${JSON.stringify({ id: 'x:1', origin: 'a.b', timestamp: 1, sensor: 's', data: {} })}\n`;
    expect((await fetch(url, { method: 'POST', body })).status).toBe(503);
    const found = await status(world);
    expect(found).toMatchObject({ code: 3, sources: [{ state: 'waiting', lost: null }] });
    expect(found.problems).toEqual([
      expect.stringMatching(/^port: the journal does not accept incidents: Journal full/),
    ]);
  });
});
