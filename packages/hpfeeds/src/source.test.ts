import { createIncident, type Incident } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import { host, keepRunning, until } from '@ihandler/test-support/host';
import { exampleOrigins, recordIncidents } from '@ihandler/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectBroker } from './connection/broker-connection.ts';
import { publishFrame } from './connection/frame.ts';
import { encodeEnvelope } from './envelope.ts';
import hpfeeds from './handler.ts';
import hpfeedsSource, { type HpfeedsSourceOptions } from './source.ts';
import { network } from './testing/network.ts';

const connection = {
  id: 'c1',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '10.1.2.3', port: 445 },
  remote: { host: '198.51.100.7', port: 4000, hostname: '' },
};

function incident(
  ordinal: number,
  origin = 'dionaea.connection.tcp.accept',
  data: object = { connection },
): Incident {
  // Safe: the tests pass valid data.
  return createIncident({
    id: `s:${ordinal}`,
    origin,
    timestamp: ordinal,
    sensor: 'pot-1',
    data: data as never,
  });
}

async function pair(options: Partial<HpfeedsSourceOptions> = {}) {
  const net = await network();
  const recorder = recordIncidents();
  const kept = recorder.incidents;
  const hub = await host([{ handler: recorder }]);
  const end = new AbortController();
  onTestFinished(() => end.abort());
  const running = keepRunning(hub, hpfeedsSource({ ...net.hub, ...options }), { signal: end.signal });
  running.catch(() => undefined);
  const handler = hpfeeds(net.sensor);
  const sensor = await host([{ handler }]);
  await until(() => net.broker.subscriptions() === (options.channels?.length ?? 1));
  return { ...net, kept, hub, sensor, handler };
}

describe('the source hpfeeds', () => {
  it('receives whole incidents unchanged: ids, sensor, data, bytes', async () => {
    const { sensor, kept } = await pair();
    const all = [
      incident(1),
      incident(2, 'acme.thing', { bytes: new Uint8Array([0, 255]), lone: '\ud800', zero: -0 }),
      incident(3, 'dionaea.download.offer', { url: 'x'.repeat(200_000) }),
    ];
    await sensor.report(all);
    await until(() => kept.length === 3);
    expect(kept).toEqual(all);
  });

  it('accepts an incident once that arrives twice', async () => {
    const { sensor, kept, broker } = await pair();
    await sensor.report([incident(1)]);
    await until(() => kept.length === 1);
    const again = await host([
      { handler: hpfeeds({ server: '127.0.0.1', port: broker.port, ident: 'sensor', secret: 'one' }) },
    ]);
    await again.report([incident(1), incident(2)]);
    await until(() => kept.length === 2);
    expect(kept.map(({ id }) => id)).toEqual(['s:1', 's:2']);
  });

  it('subscribes again after each disconnect, which the status shows with the reason', async () => {
    const { sensor, kept, broker, handler, hub } = await pair();
    for (let round = 1; round <= 3; round += 1) {
      broker.drop();
      await until(() => hub.sources()[0]?.state === 'disconnected');
      expect(hub.sources()[0]?.failure).toMatch(
        /The hpfeeds broker .* closed the connection|reset the connection/,
      );
      await until(() => broker.subscriptions() === 1);
      await sensor.report([incident(round)]);
      await until(() => kept.length === round);
    }
    expect(handler.counters?.()['connections']).toBe(3);
  });

  it('uses the identity as the sensor with "sensor: ident"', async () => {
    const { sensor, kept } = await pair({ sensor: 'ident' });
    await sensor.report([incident(1)]);
    await until(() => kept.length === 1);
    expect(kept[0]).toMatchObject({ id: 's:1', sensor: 'sensor' });
  });

  it("turns dionaea's own messages into incidents of one connection", async () => {
    const channels = ['dionaea.connections', 'dionaea.capture', 'dionaea.dcerpcrequests'];
    const { sensor, kept } = await pair({ channels });
    const data = { file: '/x/abc', md5hash: 'abc', url: 'http://x/', connection };
    await sensor.report([
      incident(1),
      incident(2, 'dionaea.download.complete.unique', data),
      incident(3, 'dionaea.modules.python.smb.dcerpc.request', { uuid: 'u', opnum: 9, connection }),
    ]);
    await until(() => kept.length === 3);
    const id = '198.51.100.7:4000-10.1.2.3:445';
    expect(kept).toMatchObject([
      {
        origin: 'dionaea.connection.tcp.accept',
        sensor: 'sensor',
        data: { connection: { ...connection, id } },
      },
      { origin: 'dionaea.download.complete.hash', data: { md5hash: 'abc', connection: { id } } },
      {
        origin: 'dionaea.modules.python.smb.dcerpc.request',
        data: { uuid: 'u', opnum: 9, connection: { id } },
      },
    ]);
    const { misfitOf } = createOrigins([exampleOrigins]);
    for (const { origin, data } of kept) expect(misfitOf(origin, data)).toBeUndefined();
  });

  it('rejects incidents of a stream that another identity began, also after a restart', async () => {
    const net = await network({
      users: {
        sensor: { secret: 'one', publish: ['ihandler.incidents'], subscribe: [] },
        eve: { secret: 'three', publish: ['ihandler.incidents'], subscribe: [] },
        hub: { secret: 'two', publish: [], subscribe: ['ihandler.incidents'] },
      },
    });
    const recorder = recordIncidents();
    const hub = await host([{ handler: recorder }]);
    const sensor = await host([{ handler: hpfeeds({ ...net.sensor, dionaea: false }) }]);
    const eve = await host([
      { handler: hpfeeds({ ...net.sensor, ident: 'eve', secret: 'three', dionaea: false }) },
    ]);
    for (let round = 1; round <= 2; round += 1) {
      const end = new AbortController();
      const running = hub.run(hpfeedsSource(net.hub), { signal: end.signal });
      await until(() => net.broker.subscriptions() === 1);
      await sensor.report([incident(round)]);
      await until(() => recorder.incidents.length === round);
      await eve.report([incident(9_000_000 + round)]);
      await until(() => hub.sources()[0]?.rejected === 1);
      end.abort();
      await running;
      await until(() => net.broker.subscriptions() === 0);
    }
    expect(recorder.incidents.map(({ id }) => id)).toEqual(['s:1', 's:2']);
  });

  it('is disconnected while the broker refuses a channel, and reports the reason', async () => {
    const net = await network();
    const hub = await host([{ handler: recordIncidents() }]);
    const end = new AbortController();
    const source = hpfeedsSource({ ...net.hub, channels: ['secret'] });
    const running = keepRunning(hub, source, { signal: end.signal });
    await until(() => hub.sources()[0]?.state === 'disconnected');
    expect(hub.sources()[0]?.failure).toMatch(
      /rejected this client: Authorisation failed.*may use the channels/,
    );
    end.abort();
    await running;
  });

  it.each([
    ['ends the connection', true],
    ['keeps the connection open', false],
  ])('names a denied channel and receives from the others, when the broker %s', async (_, closesDenied) => {
    const net = await network({ closesDenied });
    const recorder = recordIncidents();
    const hub = await host([{ handler: recorder }]);
    const end = new AbortController();
    onTestFinished(() => end.abort());
    const errors: string[] = [];
    const source = hpfeedsSource({
      ...net.hub,
      channels: ['secret', 'ihandler.incidents', 'other', 'dionaea.capture'],
    });
    const run: typeof source.run = (context) =>
      source.run({ ...context, log: { ...context.log, error: (text) => void errors.push(text) } });
    const running = keepRunning(hub, { ...source, run }, { signal: end.signal });
    running.catch(() => undefined);
    await until(() => errors.length === 2 && net.broker.subscriptions() === 2);
    const sensor = await host([{ handler: hpfeeds({ ...net.sensor, dionaea: false }) }]);
    await sensor.report([incident(1)]);
    await until(() => recorder.incidents.length === 1);
    expect(errors).toEqual([
      expect.stringMatching(/^channel denied: secret; ask /),
      expect.stringMatching(/^channel denied: other; ask /),
    ]);
    expect(hub.sources()[0]).toMatchObject({
      state: 'failed',
      failure: expect.stringMatching(
        /^channels denied: secret, other; the others are received\. Ask the operator/,
      ),
      accepted: 1,
    });
  });

  it('rejects invalid messages and continues', async () => {
    const net = await network();
    const recorder = recordIncidents();
    const kept = recorder.incidents;
    const hub = await host([{ handler: recorder }]);
    const outcome = hub.run(hpfeedsSource({ ...net.hub, channels: ['ihandler.incidents'] }));
    outcome.catch(() => undefined);
    await until(() => net.broker.subscriptions() === 1);
    const by = { ...net.sensor, tls: undefined };
    const publisher = await connectBroker(by, () => undefined, new AbortController().signal);
    for (const text of [
      '{',
      '7',
      '{"publisher":1}',
      '{"publisher":"p","number":0,"incident":{"id":"no id"}}',
    ])
      await publisher.send(publishFrame('sensor', 'ihandler.incidents', Buffer.from(text)));
    await until(() => hub.sources()[0]?.rejected === 4);
    publisher.close();
    const sensor = await host([{ handler: hpfeeds(net.sensor) }]);
    await sensor.report([incident(1)]);
    await until(() => kept.length === 1);
  });

  it('reconnects after the broker has closed the connection because the journal accepts nothing', async () => {
    const net = await network({ maxQueued: 100_000, kickAfter: 100 });
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const recorder = recordIncidents();
    const kept = recorder.incidents;
    const hub = await host([{ handler: recorder }]);
    const source = hpfeedsSource(net.hub);
    const slow = {
      ...source,
      run: (context: Parameters<typeof source.run>[0]) =>
        source.run({
          ...context,
          report: async (batch) => {
            await gate;
            await context.report(batch);
          },
        }),
    };
    const end = new AbortController();
    onTestFinished(() => end.abort());
    keepRunning(hub, slow, { signal: end.signal }).catch(() => undefined);
    await until(() => net.broker.subscriptions() === 1);
    const sensor = await host([{ handler: hpfeeds({ ...net.sensor, dionaea: false }) }]);
    const body = 'x'.repeat(500_000);
    const large = (n: number) => incident(n, 'dionaea.download.offer', { url: body });
    for (let n = 1; n <= 80; n += 1) await sensor.report([large(n)]);
    await until(() => net.broker.kicked() > 0);
    release();
    // Incidents that are published before it has subscribed again are lost, so the sensor keeps publishing.
    let next = 1000;
    while (!kept.some(({ id }) => Number(id.slice(2)) >= 1000)) {
      await sensor.report([incident(next)]);
      next += 1;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
});

describe('the source hpfeeds after a disconnect', () => {
  it('logs the messages that were published meanwhile', async () => {
    const { broker, hub: by, sensor } = await network();
    const hub = await host([{ handler: recordIncidents() }]);
    const end = new AbortController();
    onTestFinished(() => end.abort());
    const warnings: unknown[] = [];
    const source = hpfeedsSource(by);
    const run: typeof source.run = (context) =>
      source.run({
        ...context,
        log: { ...context.log, warn: (text, details) => void warnings.push([text, details?.['count']]) },
      });
    keepRunning(hub, { ...source, run }, { signal: end.signal }).catch(() => undefined);
    await until(() => broker.subscriptions() === 1);
    const publisher = await connectBroker(
      { ...sensor, tls: undefined },
      () => undefined,
      new AbortController().signal,
    );
    const publish = async (number: number) => {
      const envelope = encodeEnvelope({ publisher: 'p', number, incident: incident(number) }, 10_000);
      if (envelope === undefined) throw new Error('expected an envelope');
      await publisher.send(publishFrame('sensor', 'ihandler.incidents', envelope.payload));
    };
    await publish(0);
    await until(() => hub.sources()[0]?.accepted === 1);
    broker.dropSubscribers();
    await until(() => broker.subscriptions() === 0);
    await publish(1);
    await publish(2);
    await until(() => broker.subscriptions() === 1);
    await publish(3);
    await until(() => hub.sources()[0]?.accepted === 1 && warnings.length > 0);
    expect(warnings).toEqual([['messages lost', 2]]);
  });
});
