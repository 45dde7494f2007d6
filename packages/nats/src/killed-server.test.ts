import { setTimeout as pause } from 'node:timers/promises';
import { type SourceContext, silentLog } from '@ihandler/core';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { host } from '../../../test/in-process/host.ts';
import { until } from '../../../test/in-process/until.ts';
import { describeService } from '../../../test/services/available.ts';
import { type NatsServer, startNats } from '../../../test/services/nats.ts';
import nats from './handler.ts';
import natsSource from './source.ts';
import { offer } from './testing/offer.ts';

/** More than a partition's consumer holds, so that it waits for room while a batch becomes durable. */
const INCIDENTS = 8000;

describeService('nats-server', () => {
  let server: NatsServer;
  const options = () => ({ servers: server.url, stream: 'S', prefix: 's', create: {}, partitions: 4 });
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    // Known ones are passed over: all tests take from the same stream.
    const sensor = await host([{ handler: nats(options()) }]);
    await sensor.report(Array.from({ length: INCIDENTS }, (_, n) => offer(n + 1, `pot ${n % 16}`)));
    await sensor.drain();
  });

  /** A source whose batches take a while to become durable. */
  function slowHub() {
    const end = new AbortController();
    /** Ids: what became durable and was not acknowledged comes again. */
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
      disconnected: () => undefined,
      report: async (batch) => {
        for (const { id } of batch) taken.add(id);
        await pause(40);
      },
    };
    const outcome = Promise.resolve(natsSource(options()).run(context)).then(
      () => undefined,
      (error: unknown) => error,
    );
    return { taken, outcome, end: () => end.abort() };
  }

  it.for([100, 900, 2500])(
    'a server that is killed when a hub has taken %i does not end the hub, which takes the rest when it is back',
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

  it('a hub that is stopped while it waits for room comes to its end', async () => {
    const hub = slowHub();
    await until(() => hub.taken.size >= 500);
    hub.end();
    expect(await hub.outcome).toBeUndefined();
  });

  it('a hub that is stopped while the server is gone comes to its end', async () => {
    const hub = slowHub();
    await until(() => hub.taken.size >= 500);
    await server.kill();
    hub.end();
    expect(await hub.outcome).toBeUndefined();
    await server.start();
  });
});
