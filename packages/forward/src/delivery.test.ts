import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDispatcher,
  createIncident,
  createMemoryJournal,
  type Dispatcher,
  temporary,
} from '@ihandler/core';
import { exampleOrigins } from '@ihandler/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import forward from './index.ts';
import { openHub } from './testing/open-hub.ts';
import { offer, offers } from './testing/start-forward.ts';

/** A sensor that forwards reported incidents to a port, in batches of ten. */
async function startSensor(port: number): Promise<Dispatcher> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-sensor-'));
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [{ handler: forward({ url: `http://127.0.0.1:${port}/` }) }],
    sensor: 'hive',
    dataDir,
    batch: 10,
    retry: { base: 10, cap: 30 },
  });
  await dispatcher.start();
  onTestFinished(async () => {
    await dispatcher.close({ within: 500 });
    rmSync(dataDir, { recursive: true, force: true });
  });
  return dispatcher;
}

describe('a sensor that forwards', () => {
  it('moves only invalid incidents to dead letters, and delivers the others in order', async () => {
    const hub = await openHub();
    const dispatcher = await startSensor(hub.port);
    const deep = JSON.parse(`${'['.repeat(120)}${']'.repeat(120)}`);
    const bad = createIncident({ ...offer(14), data: { deep } });
    await dispatcher.report([...offers(30).slice(0, 13), bad, ...offers(30).slice(14)]);
    await dispatcher.drain();
    const [status] = dispatcher.status();
    expect(status?.counts).toMatchObject({ delivered: 29, dead: 1 });
    const firsts = [...new Set(hub.incidents.map(({ id }) => id))];
    expect(firsts).toEqual(offers(30).flatMap(({ id }) => (id === bad.id ? [] : [id])));
  });

  it('loses nothing while the hub is down, full or restarted', async () => {
    // Only once, because the hub requests a delay of one second each time.
    let full = 1;
    const hub = await openHub({}, async () => {
      full -= 1;
      if (full >= 0) throw temporary('full');
    });
    const dispatcher = await startSensor(hub.port);
    await dispatcher.report(offers(25));
    await dispatcher.drain();
    await hub.stop();
    await dispatcher.report(offers(60).slice(25));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(dispatcher.status()[0]).toMatchObject({ state: 'waiting', pending: 35 });
    const again = await openHub({ port: hub.port });
    await dispatcher.drain();
    expect([...hub.incidents, ...again.incidents]).toEqual(offers(60));
  });
});
