import { createIncident, type Incident } from '@ihandler/core';
import { host, keepRunning, until } from '@ihandler/test-support/host';
import { describeService, type NatsServer, selfSigned, startNats } from '@ihandler/test-support/servers';
import { recordIncidents } from '@ihandler/testkit';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import nats, { type NatsOptions } from './handler.ts';
import natsSource, { type NatsSourceOptions } from './source.ts';
import { offer } from './testing/offer.ts';

let streams = 0;

/** A stream for one test. */
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
    const handler = nats({ url: server.url, ...options });
    return { handler, sensor: await host([{ handler }]) };
  }

  async function hubOn(options: Partial<NatsSourceOptions>) {
    const recorder = recordIncidents();
    const kept = recorder.incidents;
    const hub = await host([{ handler: recorder }]);
    const end = new AbortController();
    const running = keepRunning(hub, natsSource({ url: server.url, ...options }), { signal: end.signal });
    running.catch(() => undefined);
    return { kept, hub, end, running };
  }

  it('the source receives incidents unchanged and in order: ids, sensors, data, bytes', async () => {
    const at = own();
    const { sensor } = await sensorOn(at);
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

  it('the handler never publishes that files are local', async () => {
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
    expect(kept[0]).not.toHaveProperty('local');
  });

  it('the server stores an incident once that is published twice, and the handler counts it', async () => {
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

  it('the source resumes after the last incident when the hub restarts', async () => {
    const at = own();
    const { sensor } = await sensorOn(at);
    const recorder = recordIncidents();
    const kept = recorder.incidents;
    const hub = await host([{ handler: recorder }]);
    for (let round = 0; round < 3; round += 1) {
      const end = new AbortController();
      const running = hub.run(natsSource({ url: server.url, ...at }), { signal: end.signal });
      await sensor.report([offer(round * 2 + 1), offer(round * 2 + 2)]);
      await until(() => kept.length === round * 2 + 2);
      end.abort();
      await running;
      expect(hub.sources()[0]).toMatchObject({ accepted: 2, known: 0, state: 'ended' });
    }
  });

  it('each hub receives its own partitions and no others', async () => {
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

  it('the source rejects an incident that is published under the name of another sensor', async () => {
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

  it('handler and source resume after the server was down, and lose nothing', async () => {
    const at = own();
    const { kept, hub } = await hubOn(at);
    const { sensor, handler } = await sensorOn(at);
    await sensor.report([offer(1)]);
    await until(() => kept.length === 1);
    for (let round = 2; round <= 3; round += 1) {
      await server.kill();
      await until(() => hub.sources()[0]?.state === 'disconnected');
      expect(hub.sources()[0]?.failure).toMatch(/NATS at .*127\.0\.0\.1/);
      await sensor.report([offer(round)]);
      await until(() => sensor.status()[0]?.failure !== undefined);
      await server.start();
      await until(() => kept.length === round);
    }
    expect(kept.map(({ id }) => id)).toEqual(['pot:1', 'pot:2', 'pot:3']);
    expect(handler.counters?.()['connections']).toBeGreaterThanOrEqual(3);
  });

  it('an incident that is larger than the server accepts becomes a dead letter, and the others are delivered', async () => {
    const at = own();
    const { kept } = await hubOn(at);
    const { sensor } = await sensorOn(at);
    const large = createIncident({ ...offer(2), data: { url: 'x'.repeat(1_100_000) } });
    await sensor.report([offer(1), large, offer(3)]);
    await until(() => kept.length === 2);
    expect(sensor.status()).toMatchObject([{ counts: { dead: 1, delivered: 2 } }]);
  });

  it('a temporary failure says what to do, and invalid options throw at once', async () => {
    const failing = async (options: Partial<NatsOptions>) => {
      const { sensor } = await sensorOn(options);
      await sensor.report([offer(1)]);
      await until(() => sensor.status()[0]?.failure !== undefined);
      return sensor.status()[0]?.failure ?? '';
    };
    expect(await failing({ url: 'nats://127.0.0.1:1' })).toMatch(
      /Cannot connect to NATS at nats:\/\/127.0.0.1:1/,
    );
    expect(await failing({ stream: 'NONE', prefix: 'none' })).toMatch(
      /Set "create" to create a missing stream/,
    );
    expect(await failing({ ...own(), stream: 'S1', prefix: 'other' })).toMatch(
      /Expected the stream S1 to cover/,
    );
    expect(() => natsSource({ url: server.url, partitions: 2, take: [2] })).toThrow(/from 0 to 1, found 2/);
  });

  it('the handler reports a full stream', async () => {
    const at = own();
    const connection = await connect({ servers: server.url });
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: at.stream, subjects: [`${at.prefix}.>`], max_msgs: 1, discard: 'new' });
    await connection.close();
    const { sensor } = await sensorOn(at);
    await sensor.report([offer(1), offer(2)]);
    await until(() => sensor.status()[0]?.failure !== undefined);
    expect(sensor.status()[0]?.failure).toMatch(
      /maximum messages exceeded.*The stream is full: raise its limits/,
    );
  });

  it('the handler reports a stream that reserves more storage than the server has', async () => {
    const { sensor } = await sensorOn({ ...own(), create: { maxSize: '900TB' } });
    await sensor.report([offer(1)]);
    await until(() => sensor.status()[0]?.failure !== undefined);
    expect(sensor.status()[0]?.failure).toMatch(/insufficient.*lower "create.maxSize"/);
  });
});

describeService('nats-server', () => {
  it('the handler rejects an untrusted certificate, and accepts it with "tls.ca" or "tls.insecure"', async () => {
    const { cert, key, remove } = selfSigned();
    onTestFinished(remove);
    const server = await startNats(`tls { cert_file: "${cert}", key_file: "${key}" }`);
    onTestFinished(() => server.stop());
    const at = { url: server.url.replace('nats:', 'tls:'), create: {} };
    const sensor = await host([{ handler: nats(at) }]);
    await sensor.report([offer(1)]);
    await until(() => sensor.status()[0]?.failure !== undefined);
    expect(sensor.status()).toMatchObject([
      {
        state: 'waiting',
        failure: expect.stringMatching(/is not trusted: set "tls.ca"/),
        counts: { dead: 0 },
      },
    ]);
    for (const tls of [{ ca: cert }, { insecure: true }]) {
      const trusting = await host([{ handler: nats({ ...at, tls }) }]);
      await trusting.report([offer(1)]);
      expect(await trusting.drain({ stalledAfter: 5000 })).toEqual([]);
    }
  });

  it.each([
    ['expired', /certificate has expired.*renew it on the server/],
    ['other name', /certificate is for another name: connect by a name that the certificate lists/],
  ] as const)(
    'the handler reports the flaw of a certificate from a trusted authority: %s',
    async (flaw, message) => {
      const { cert, key, remove } = selfSigned(flaw);
      onTestFinished(remove);
      const server = await startNats(`tls { cert_file: "${cert}", key_file: "${key}" }`);
      onTestFinished(() => server.stop());
      const url = server.url.replace('nats:', 'tls:');
      const sensor = await host([{ handler: nats({ url, create: {}, tls: { ca: cert } }) }]);
      await sensor.report([offer(1)]);
      await until(() => sensor.status()[0]?.failure !== undefined);
      expect(sensor.status()[0]?.failure).toMatch(message);
    },
  );

  it('a sensor needs only the permissions in the README, and cannot publish for another sensor', async () => {
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
    const source = natsSource({ url: server.url, user: 'hub', password, create: {} });
    const running = hub.run(source, { signal: end.signal });
    const sensor = await host(
      [{ handler: nats({ url: server.url, user: 'pot', password }) }],
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

  it('the handler reports a wrong password without printing it', async () => {
    const server = await startNats('authorization { user: pot, password: right }');
    try {
      const handler = nats({ url: server.url, user: 'pot', password: 'wr0ng-secret', create: {} });
      const sensor = await host([{ handler }]);
      await sensor.report([offer(1)]);
      await until(() => sensor.status()[0]?.failure !== undefined);
      expect(sensor.status()[0]?.failure).toMatch(/Check that the server knows this user and password/);
      expect(JSON.stringify(sensor.status())).not.toContain('wr0ng-secret');
      const right = nats({ url: server.url, user: 'pot', password: 'right', create: {} });
      const other = await host([{ handler: right }]);
      await other.report([offer(1)]);
      expect(await other.drain({ stalledAfter: 5000 })).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});
