import { setTimeout as pause } from 'node:timers/promises';
import { type Source, type SourceContext, silentLog } from '@ihandler/core';
import { host, keepRunning, until } from '@ihandler/test-support/host';
import { describeService, type NatsServer, startNats } from '@ihandler/test-support/servers';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import nats from './handler.ts';
import natsSource from './source.ts';
import { offer } from './testing/offer.ts';

/** More than a consumer queues, so that it waits for room while a batch becomes durable. */
const INCIDENTS = 8000;

describeService('nats-server', () => {
  let server: NatsServer;
  const options = () => ({ url: server.url, stream: 'S', prefix: 's', create: {}, partitions: 4 });
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    // All tests read the same stream; the server ignores duplicates.
    const sensor = await host([{ handler: nats(options()) }]);
    await sensor.report(Array.from({ length: INCIDENTS }, (_, n) => offer(n + 1, `pot ${n % 16}`)));
    await sensor.drain();
  });

  /** Runs a source whose batches take a while to become durable. */
  function slowHub() {
    const end = new AbortController();
    /** Ids, because a batch that became durable without an acknowledgement is delivered again. */
    const taken = new Set<string>();
    const context: SourceContext = {
      instance: 'nats',
      sensor: 'hub',
      signal: end.signal,
      log: silentLog,
      now: Date.now,
      state: () => undefined,
      resumeAfter: () => undefined,
      reject: async () => undefined,
      progress: () => undefined,
      report: async (batch) => {
        for (const { id } of batch) taken.add(id);
        await pause(40);
      },
    };
    const run = (source: Source) => source.run(context);
    const outcome = keepRunning({ run }, natsSource(options()), { signal: end.signal }).then(
      () => undefined,
      (error: unknown) => error,
    );
    return { taken, outcome, end: () => end.abort() };
  }

  it.for([100, 900, 2500])(
    'a hub that has read %i incidents when the server is killed reads the rest after a restart',
    async (enough) => {
      const unhandled: unknown[] = [];
      const keep = (reason: unknown) => void unhandled.push(reason);
      process.on('unhandledRejection', keep);
      onTestFinished(() => void process.off('unhandledRejection', keep));
      const hub = slowHub();
      await until(() => hub.taken.size >= enough);
      await server.kill();
      await server.start();
      await until(() => hub.taken.size === INCIDENTS);
      hub.end();
      expect(await hub.outcome).toBeUndefined();
      expect(unhandled).toEqual([]);
    },
  );

  it('a hub stops while a consumer waits for room in its queue', async () => {
    const hub = slowHub();
    await until(() => hub.taken.size >= 500);
    hub.end();
    expect(await hub.outcome).toBeUndefined();
  });

  it('a hub stops while the server is down', async () => {
    const hub = slowHub();
    await until(() => hub.taken.size >= 500);
    await server.kill();
    hub.end();
    expect(await hub.outcome).toBeUndefined();
    await server.start();
  });
});
