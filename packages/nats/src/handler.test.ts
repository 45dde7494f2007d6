import { createIncident, type Incident } from '@ihandler/core';
import { recordIncidents } from '@ihandler/testkit';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { host } from '../../../test/in-process/host.ts';
import { until } from '../../../test/in-process/until.ts';
import { describeService } from '../../../test/services/available.ts';
import { type NatsServer, startNats } from '../../../test/services/nats.ts';
import { selfSigned } from '../../../test/services/self-signed.ts';
import nats, { type NatsOptions } from './handler.ts';
import natsSource, { type NatsSourceOptions } from './source.ts';
import { offer } from './testing/offer.ts';

let streams = 0;

/** A stream of this test's own. */
function own(): {
  readonly stream: string;
  readonly prefix: string;
  readonly create: object;
  readonly partitions: number;
} {
  streams += 1;
  return { stream: `S${streams}`, prefix: `s${streams}`, create: {}, partitions: 4 };
}

describeService('nats-server', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats();
  });
  afterAll(() => server.stop());

  async function sensorOn(options: Partial<NatsOptions>) {
    const handler = nats({ servers: server.url, ...options });
    return { handler, sensor: await host([{ handler }]) };
  }

  async function hubOn(options: Partial<NatsSourceOptions>) {
    const recorder = recordIncidents();
    const kept = recorder.incidents;
    const hub = await host([{ handler: recorder }]);
    const end = new AbortController();
    const running = hub.run(natsSource({ servers: server.url, ...options }), { signal: end.signal });
    running.catch(() => undefined);
    return { kept, hub, end, running };
  }

  it('brings incidents as they were, in order: ids, sensors, data, bytes', async () => {
    const at = own();
    const { sensor } = await sensorOn({ ...at, localAddress: 'keep' });
    const { kept } = await hubOn(at);
    const all: Incident[] = [
      ...Array.from({ length: 1500 }, (_, n) => offer(n + 1, n % 2 ? 'pot a' : 'pot.b')),
      createIncident({
        id: 'odd:1',
        origin: 'acme.thing',
        timestamp: 0.5,
        sensor: 'é*>',
        data: { bytes: new Uint8Array([0, 255]), lone: '\ud800', zero: -0 },
      }),
    ];
    await sensor.report(all);
    await until(() => kept.length === all.length);
    for (const name of ['pot a', 'pot.b', 'é*>'])
      expect(kept.filter((each) => each.sensor === name)).toEqual(all.filter((each) => each.sensor === name));
  });

  it('masks the address of the sensor and never says where files are', async () => {
    const at = own();
    const { sensor } = await sensorOn(at);
    const { kept } = await hubOn(at);
    const connection = {
      id: 'c',
      protocol: 'smbd',
      transport: 'tcp',
      local: { host: '10.1.2.3', port: 445 },
      remote: { host: '198.51.100.7', port: 1, hostname: '' },
    };
    await sensor.report([
      createIncident({
        ...offer(1),
        data: { url: 'bindshell://10.1.2.3:4444/', connection },
        local: true,
      }),
    ]);
    await until(() => kept.length === 1);
    expect(JSON.stringify(kept)).not.toMatch(/10\.1\.2\.3|"local":true/);
  });

  it('stores an incident once that is published twice, and counts it', async () => {
    const at = own();
    const { sensor } = await sensorOn(at);
    await sensor.report([offer(1), offer(2)]);
    await sensor.drain();
    const { handler, sensor: again } = await sensorOn(at);
    await again.report([offer(1), offer(2), offer(3)]);
    await again.drain();
    expect(handler.counters?.()).toMatchObject({ published: 3, duplicates: 2 });
    const connection = await connect({ servers: server.url });
    const { state } = await (await jetstreamManager(connection)).streams.info(at.stream);
    await connection.close();
    expect(state.messages).toBe(3);
  });

  it('goes on after what was taken, when the hub starts again', async () => {
    const at = own();
    const { sensor } = await sensorOn(at);
    const recorder = recordIncidents();
    const kept = recorder.incidents;
    const hub = await host([{ handler: recorder }]);
    for (let round = 0; round < 3; round += 1) {
      const end = new AbortController();
      const running = hub.run(natsSource({ servers: server.url, ...at }), { signal: end.signal });
      await sensor.report([offer(round * 2 + 1), offer(round * 2 + 2)]);
      await until(() => kept.length === round * 2 + 2);
      end.abort();
      await running;
      expect(hub.sources()[0]).toMatchObject({ accepted: 2, known: 0, state: 'ended' });
    }
  });

  it('gives each partition to the hub that has it, and to no other', async () => {
    const at = own();
    const left = await hubOn({ ...at, take: [0, 1] });
    const right = await hubOn({ ...at, take: [2, 3] });
    const { sensor } = await sensorOn(at);
    const all = Array.from({ length: 40 }, (_, n) => offer(1, `sensor-${n}`));
    await sensor.report(all);
    await until(() => left.kept.length + right.kept.length === 40);
    expect(left.kept.length).toBeGreaterThan(0);
    expect(right.kept.length).toBeGreaterThan(0);
    const names = [...left.kept, ...right.kept].map(({ sensor: name }) => name);
    expect(new Set(names).size).toBe(40);
  });

  it('refuses an incident that is published under the name of another sensor', async () => {
    const at = own();
    const { kept, hub } = await hubOn(at);
    await until(() => hub.sources()[0]?.state === 'running');
    const { sensor } = await sensorOn(at);
    await sensor.report([offer(1)]);
    await until(() => kept.length === 1);
    const connection = await connect({ servers: server.url });
    const forged = JSON.stringify({ ...offer(2, 'victim') });
    for (let partition = 0; partition < 4; partition += 1)
      connection.publish(`${at.prefix}.${partition}.attacker.dionaea.download.offer`, forged);
    await connection.flush();
    await connection.close();
    await until(() => hub.sources()[0]?.rejected === 4);
    expect(kept).toHaveLength(1);
  });

  it('waits while the server is away, and loses nothing of what it had', async () => {
    const at = own();
    const { kept } = await hubOn(at);
    const { sensor, handler } = await sensorOn(at);
    await sensor.report([offer(1)]);
    await until(() => kept.length === 1);
    for (let round = 2; round <= 3; round += 1) {
      await server.kill();
      await sensor.report([offer(round)]);
      await until(() => sensor.status()[0]?.failure !== undefined);
      await server.start();
      await until(() => kept.length === round);
    }
    expect(kept.map(({ id }) => id)).toEqual(['pot:1', 'pot:2', 'pot:3']);
    expect(handler.counters?.()['connections']).toBeGreaterThanOrEqual(3);
  });

  it('gives up an incident that is larger than the server takes, and goes on with the others', async () => {
    const at = own();
    const { kept } = await hubOn(at);
    const { sensor } = await sensorOn(at);
    const large = createIncident({ ...offer(2), data: { url: 'x'.repeat(1_100_000) } });
    await sensor.report([offer(1), large, offer(3)]);
    await until(() => kept.length === 2);
    expect(sensor.status()).toMatchObject([{ counts: { dead: 1, delivered: 2 } }]);
  });

  it('says what is wrong, retries what can heal, and tells at once what cannot', async () => {
    const failing = async (options: Partial<NatsOptions>) => {
      const { sensor } = await sensorOn(options);
      await sensor.report([offer(1)]);
      await until(() => sensor.status()[0]?.failure !== undefined);
      return sensor.status()[0]?.failure ?? '';
    };
    expect(await failing({ servers: 'nats://127.0.0.1:1' })).toMatch(
      /Cannot connect to NATS at nats:\/\/127.0.0.1:1/,
    );
    expect(await failing({ stream: 'NONE', prefix: 'none' })).toMatch(/With "create" the stream is made/);
    expect(await failing({ ...own(), stream: 'S1', prefix: 'other' })).toMatch(
      /Expected that the stream S1 takes/,
    );
    expect(() => natsSource({ servers: server.url, partitions: 2, take: [2] })).toThrow(
      /from 0 to 1, found 2/,
    );
  });

  it('tells a stream that is full', async () => {
    const at = own();
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: at.stream, subjects: [`${at.prefix}.>`], max_msgs: 1, discard: 'new' });
    await connection.close();
    const { sensor } = await sensorOn(at);
    await sensor.report([offer(1), offer(2)]);
    await until(() => sensor.status()[0]?.failure !== undefined);
    expect(sensor.status()[0]?.failure).toMatch(/maximum messages exceeded.*The stream is full/);
  });

  it('tells a stream for which the server has no room', async () => {
    const { sensor } = await sensorOn({ ...own(), create: { maxBytes: '900TB' } });
    await sensor.report([offer(1)]);
    await until(() => sensor.status()[0]?.failure !== undefined);
    expect(sensor.status()[0]?.failure).toMatch(/insufficient.*reserve less with "create.maxBytes"/);
  });
});

describeService('nats-server', () => {
  it('takes no certificate that it was not told to trust, and says what to do', async () => {
    const { cert, key, remove } = selfSigned();
    onTestFinished(remove);
    const server = await startNats(`tls { cert_file: "${cert}", key_file: "${key}" }`);
    onTestFinished(() => server.stop());
    const at = { servers: server.url.replace('nats:', 'tls:'), create: {} };
    const sensor = await host([{ handler: nats(at) }]);
    await sensor.report([offer(1)]);
    await until(() => sensor.status()[0]?.failure !== undefined);
    expect(sensor.status()).toMatchObject([
      {
        state: 'retrying',
        failure: expect.stringMatching(/is not trusted: .*"tls.ca"/),
        counts: { dead: 0 },
      },
    ]);
    const told = await host([{ handler: nats({ ...at, tls: { ca: cert } }) }]);
    await told.report([offer(1)]);
    expect(await told.drain({ stalledAfter: 5000 })).toEqual([]);
  });

  it.each([
    ['expired', /certificate has expired.*must renew the certificate/],
    ['other name', /certificate is for another name: "servers" must name the host/],
  ] as const)(
    'says what is wrong with a certificate that it was told to trust: %s',
    async (flaw, message) => {
      const { cert, key, remove } = selfSigned(flaw);
      onTestFinished(remove);
      const server = await startNats(`tls { cert_file: "${cert}", key_file: "${key}" }`);
      onTestFinished(() => server.stop());
      const servers = server.url.replace('nats:', 'tls:');
      const sensor = await host([{ handler: nats({ servers, create: {}, tls: { ca: cert } }) }]);
      await sensor.report([offer(1)]);
      await until(() => sensor.status()[0]?.failure !== undefined);
      expect(sensor.status()[0]?.failure).toMatch(message);
    },
  );

  it('needs no more rights on a sensor than its README names, and may not speak for another', async () => {
    const password = 'of-its-own';
    const server = await startNats(`authorization { users: [
      { user: pot, password: ${password}, permissions {
        publish: ["ihandler.*.pot.>", "$JS.API.STREAM.INFO.IHANDLER"], subscribe: ["_INBOX.pot.>"] } }
      { user: hub, password: ${password}, permissions {
        publish: ["$JS.API.INFO", "$JS.API.STREAM.INFO.IHANDLER", "$JS.API.STREAM.CREATE.IHANDLER", "$JS.API.CONSUMER.*.IHANDLER.>", "$JS.API.CONSUMER.MSG.NEXT.IHANDLER.>"],
        subscribe: ["_INBOX.hive.>"] } }
    ] }`);
    onTestFinished(() => server.stop());
    const recorder = recordIncidents();
    const hub = await host([{ handler: recorder }]);
    const end = new AbortController();
    const source = natsSource({ servers: server.url, user: 'hub', password, create: {} });
    const running = hub.run(source, { signal: end.signal });
    const sensor = await host(
      [{ handler: nats({ servers: server.url, user: 'pot', password }) }],
      undefined,
      'pot',
    );
    await sensor.report([offer(1)]);
    await until(() => recorder.incidents.length === 1);
    const eve = await connect({ servers: server.url, user: 'pot', pass: password });
    onTestFinished(() => eve.close());
    const refused = new Promise((resolve) => {
      eve.subscribe('_INBOX.hive.>', { callback: (error) => resolve(error?.name) });
    });
    expect(await refused).toBe('PermissionViolationError');
    await sensor.report([offer(2, 'victim')]);
    await until(() => sensor.status()[0]?.failure !== undefined);
    expect(sensor.status()[0]?.failure).toMatch(/see the permissions in the README/);
    expect(recorder.incidents).toHaveLength(1);
    end.abort();
    await running;
  });

  it('says so when a password is wrong, and never tells it', async () => {
    const server = await startNats('authorization { user: pot, password: right }');
    try {
      const handler = nats({ servers: server.url, user: 'pot', password: 'wr0ng-secret', create: {} });
      const sensor = await host([{ handler }]);
      await sensor.report([offer(1)]);
      await until(() => sensor.status()[0]?.failure !== undefined);
      expect(sensor.status()[0]?.failure).toMatch(/Are user and password, token or credentials right/);
      expect(JSON.stringify(sensor.status())).not.toContain('wr0ng-secret');
      const right = nats({ servers: server.url, user: 'pot', password: 'right', create: {} });
      const other = await host([{ handler: right }]);
      await other.report([offer(1)]);
      expect(await other.drain({ stalledAfter: 5000 })).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});
