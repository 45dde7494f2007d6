import { host, keepRunning, until } from '@ihandler/test-support/host';
import { describeService, type NatsServer, startNats } from '@ihandler/test-support/servers';
import { recordIncidents } from '@ihandler/testkit';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import nats, { AFTER, type NatsOptions } from './handler.ts';
import natsSource, { type NatsSourceOptions } from './source.ts';
import { createSubjects } from './subject.ts';
import { offer } from './testing/offer.ts';

let streams = 0;

/** A stream for one test. */
function own() {
  streams += 1;
  return { stream: `S${streams}`, prefix: `s${streams}`, create: {}, partitions: 4 };
}

describeService('nats-server', () => {
  let server: NatsServer;
  let operator: NatsConnection;
  beforeAll(async () => {
    server = await startNats();
    operator = await connect({ servers: server.url });
  });
  afterAll(async () => {
    await operator.close();
    await server.stop();
  });

  const sensorOn = async (options: Partial<NatsOptions>) =>
    host([{ handler: nats({ url: server.url, ...options }) }]);

  async function hubOn(options: Partial<NatsSourceOptions>) {
    const recorder = recordIncidents();
    const hub = await host([{ handler: recorder }]);
    const end = new AbortController();
    const running = keepRunning(hub, natsSource({ url: server.url, ...options }), { signal: end.signal });
    running.catch(() => undefined);
    const stop = async () => {
      end.abort();
      await running;
    };
    return { kept: recorder.incidents, hub, stop };
  }

  it('the source recovers when an operator deletes its consumers', async () => {
    const at = own();
    const { kept } = await hubOn(at);
    const sensor = await sensorOn(at);
    await sensor.report([offer(1)]);
    await until(() => kept.length === 1);
    const manager = await jetstreamManager(operator);
    for await (const { name } of manager.consumers.list(at.stream))
      await manager.consumers.delete(at.stream, name);
    await sensor.report([offer(2)]);
    await until(() => kept.length === 2);
  });

  it('the source is disconnected while the stream does not exist, and says what to do', async () => {
    const { create, ...at } = own();
    const { hub, kept } = await hubOn(at);
    await until(() => hub.sources()[0]?.state === 'disconnected');
    expect(hub.sources()[0]?.failure).toMatch(/Set "create" to create a missing stream/);
    const sensor = await sensorOn({ ...at, create });
    await sensor.report([offer(1)]);
    await until(() => kept.length === 1);
    expect(hub.sources()[0]).toMatchObject({ state: 'running' });
  });

  it('the source recovers when an operator purges the stream', async () => {
    const at = own();
    const { kept } = await hubOn(at);
    const sensor = await sensorOn(at);
    await sensor.report([offer(1)]);
    await until(() => kept.length === 1);
    await (await jetstreamManager(operator)).streams.purge(at.stream);
    await sensor.report([offer(2)]);
    await until(() => kept.length === 2);
  });

  it('the source reads a stream that was deleted and created again from its beginning', async () => {
    const at = own();
    const { kept } = await hubOn(at);
    const sensor = await sensorOn(at);
    await sensor.report([offer(1)]);
    await until(() => kept.length === 1);
    await (await jetstreamManager(operator)).streams.delete(at.stream);
    await sensor.report([offer(2)]);
    await until(() => kept.length === 2);
  });

  it('handler and source report another number of partitions than the stream has, and lose nothing', async () => {
    const at = own();
    const right = await sensorOn({ ...at, partitions: 8 });
    await right.report([offer(1)]);
    expect(await right.drain({ stalledAfter: 10_000 })).toEqual([]);
    const wrong = await sensorOn(at);
    await wrong.report([offer(2)]);
    await until(() => wrong.status()[0]?.failure !== undefined);
    const mismatch = /to have 4 partitions, found 8/;
    expect(wrong.status()).toMatchObject([{ failure: expect.stringMatching(mismatch), counts: { dead: 0 } }]);
    const { hub } = await hubOn(at);
    await until(() => hub.sources()[0]?.state === 'disconnected');
    expect(hub.sources()[0]?.failure).toMatch(mismatch);
  });

  it('the source rejects an incident under the subject of another partition or origin', async () => {
    const at = own();
    const { kept, hub } = await hubOn(at);
    const sensor = await sensorOn(at);
    await sensor.report([offer(1)]);
    await until(() => kept.length === 1);
    const subject = createSubjects(at.prefix, at.partitions)('pot', 'dionaea.download.offer');
    const [prefix = '', partition = '', ...rest] = subject.split('.');
    const text = JSON.stringify(offer(2));
    operator.publish([prefix, String((Number(partition) + 1) % 4), ...rest].join('.'), text);
    operator.publish(subject.replace(/offer$/, 'other'), text);
    await until(() => hub.sources()[0]?.rejected === 2);
    await sensor.report([offer(3)]);
    await until(() => kept.length === 2);
  });

  it('the handler names the previous message of the same partition in each message', async () => {
    const at = own();
    const relay = await sensorOn(at);
    await relay.report(Array.from({ length: 20 }, (_, n) => offer(n + 1, `sensor-${n % 10}`, 'relayed')));
    await relay.report(Array.from({ length: 20 }, (_, n) => offer(n + 21, `sensor-${n % 10}`, 'relayed')));
    expect(await relay.drain({ stalledAfter: 10_000 })).toEqual([]);
    const manager = await jetstreamManager(operator);
    const last = new Map<string, string>();
    for (let sequence = 1; sequence <= 40; sequence += 1) {
      const message = await manager.streams.getMessage(at.stream, { seq: sequence });
      const partition = message?.subject.split('.')[1] ?? '';
      expect(message?.header.get(AFTER)).toBe(last.get(partition) ?? '');
      last.set(partition, String(message?.json<{ id: string }>().id.split(':')[1]));
    }
    expect(last.size).toBeGreaterThan(1);
  });
});
