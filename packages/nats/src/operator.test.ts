import { recordIncidents } from '@ihandler/testkit';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { host } from '../../../test/in-process/host.ts';
import { until } from '../../../test/in-process/until.ts';
import { describeService } from '../../../test/services/available.ts';
import { type NatsServer, startNats } from '../../../test/services/nats.ts';
import nats, { AFTER, type NatsOptions } from './handler.ts';
import natsSource, { type NatsSourceOptions } from './source.ts';
import { createSubjects } from './subject.ts';
import { offer } from './testing/offer.ts';

let streams = 0;

/** A stream of this test's own. */
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
    host([{ handler: nats({ servers: server.url, ...options }) }]);

  async function hubOn(options: Partial<NatsSourceOptions>) {
    const recorder = recordIncidents();
    const hub = await host([{ handler: recorder }]);
    const end = new AbortController();
    const log: string[] = [];
    const source = natsSource({ servers: server.url, ...options });
    const say = (text: string, details?: object) => void log.push(`${text} ${JSON.stringify(details)}`);
    const run: typeof source.run = (context) =>
      source.run({ ...context, log: { ...context.log, info: say, warn: say, error: say } });
    const running = hub.run({ ...source, run }, { signal: end.signal });
    running.catch(() => undefined);
    const stop = async () => {
      end.abort();
      await running;
    };
    return { kept: recorder.incidents, hub, log, stop };
  }

  it('goes on when an operator deletes its consumers', async () => {
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

  it('is away, and says what to do, while there is no stream', async () => {
    const { create, ...at } = own();
    const { hub, kept, log } = await hubOn(at);
    await until(() => hub.sources()[0]?.state === 'disconnected');
    expect(hub.sources()[0]?.failure).toMatch(/With "create" the stream is made/);
    const sensor = await sensorOn({ ...at, create });
    await sensor.report([offer(1)]);
    await until(() => kept.length === 1);
    expect(hub.sources()[0]).toMatchObject({ state: 'running' });
    expect(log.filter((line) => line.startsWith('is away'))).toHaveLength(1);
  });

  it('goes on when the stream is purged', async () => {
    const at = own();
    const { kept } = await hubOn(at);
    const sensor = await sensorOn(at);
    await sensor.report([offer(1)]);
    await until(() => kept.length === 1);
    await (await jetstreamManager(operator)).streams.purge(at.stream);
    await sensor.report([offer(2)]);
    await until(() => kept.length === 2);
  });

  it('takes the stream that an operator makes in place of one that was deleted', async () => {
    const at = own();
    const { kept } = await hubOn(at);
    const sensor = await sensorOn(at);
    await sensor.report([offer(1)]);
    await until(() => kept.length === 1);
    await (await jetstreamManager(operator)).streams.delete(at.stream);
    await sensor.report([offer(2)]);
    await until(() => kept.length === 2);
  });

  it('says that a sensor or a hub counts other partitions than the stream was made for, and keeps what it has', async () => {
    const at = own();
    const right = await sensorOn({ ...at, partitions: 8 });
    await right.report([offer(1)]);
    expect(await right.drain({ stalledAfter: 10_000 })).toEqual([]);
    const wrong = await sensorOn(at);
    await wrong.report([offer(2)]);
    await until(() => wrong.status()[0]?.failure !== undefined);
    const told = /made for 4 partitions, found 8/;
    expect(wrong.status()).toMatchObject([{ failure: expect.stringMatching(told), counts: { dead: 0 } }]);
    const { hub } = await hubOn(at);
    await until(() => hub.sources()[0]?.state === 'disconnected');
    expect(hub.sources()[0]?.failure).toMatch(told);
  });

  it('refuses what is published under another partition or origin than it has', async () => {
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

  it('says of each message which went before it in its own partition, since a hub may not have the others', async () => {
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
