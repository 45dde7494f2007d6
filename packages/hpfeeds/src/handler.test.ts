import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createIncident, type Incident, silentLog } from '@ihandler/core';
import { host, until } from '@ihandler/test-support/host';
import { selfSigned } from '@ihandler/test-support/servers';
import { describe, expect, it, onTestFinished } from 'vitest';
import hpfeeds, { type HpfeedsOptions } from './handler.ts';
import { listen } from './testing/listen.ts';
import { network } from './testing/network.ts';

const connection = {
  id: 'c1',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '10.1.2.3', port: 445 },
  remote: { host: '198.51.100.7', port: 4000, hostname: '' },
};

function offer(ordinal: number, url: string): Incident {
  const data = { url, connection };
  return createIncident({
    id: `s:${ordinal}`,
    origin: 'dionaea.download.offer',
    timestamp: ordinal,
    sensor: 'pot',
    data,
  });
}

async function published(
  options: Partial<HpfeedsOptions>,
  incidents: readonly Incident[],
  channels: readonly string[],
  mask = true,
) {
  const { broker, sensor } = await network();
  const heard = await listen(broker, channels);
  const handler = hpfeeds({ ...sensor, ...options });
  const dispatcher = await host([{ handler, mask }]);
  await dispatcher.report(incidents);
  expect(await dispatcher.drain({ stalledAfter: 10_000 })).toEqual([]);
  const counters = handler.counters?.() ?? {};
  await until(() => heard.length >= Number(counters['messages']));
  return { heard, counters };
}

describe('the handler hpfeeds', () => {
  it('publishes whole incidents with numbers and ids, and the setting mask hides the address of the sensor', async () => {
    const incidents = [offer(1, 'bindshell://10.1.2.3:4444/'), offer(2, 'http://198.51.100.7/x')];
    const { heard } = await published({}, incidents, ['ihandler.incidents']);
    const envelopes = heard.map(({ text }) => JSON.parse(text));
    expect(envelopes).toMatchObject([
      { ihandler: 1, number: 0, incident: { id: 's:1', data: { url: 'bindshell://127.0.0.1:4444/' } } },
      { ihandler: 1, number: 1, incident: { id: 's:2', data: { url: 'http://198.51.100.7/x' } } },
    ]);
    expect(heard.map(({ text }) => text).join()).not.toContain('10.1.2.3');
  });

  it('publishes the address without the setting mask, and never that files are local', async () => {
    const incident = createIncident({ ...offer(1, 'x'), data: { url: 'x', connection }, local: true });
    const { heard } = await published({}, [incident], ['ihandler.incidents'], false);
    expect(heard[0]?.text).toContain('10.1.2.3');
    expect(JSON.parse(heard[0]?.text ?? '').incident).not.toHaveProperty('local');
  });

  it('cuts the longest texts of an incident that is too large, marks it and counts it', async () => {
    const incidents = [offer(1, 'x'.repeat(3_000_000)), offer(2, 'short')];
    const { heard, counters } = await published({}, incidents, ['ihandler.incidents']);
    const [large, small] = heard.map(({ text }) => JSON.parse(text).incident);
    expect(large.data.stripped_to).toBeGreaterThan(1000);
    expect(large.data.url).toBe('x'.repeat(large.data.stripped_to));
    expect(large.data.connection).toEqual({ ...connection, local: { host: '127.0.0.1', port: 445 } });
    expect(small.data.url).toBe('short');
    expect(counters).toMatchObject({ stripped: 1, oversize: 0 });
  });

  it('publishes the hash of a readable sample, and its contents only with "contents"', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ihandler-hpfeeds-')));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'sample');
    writeFileSync(file, 'MZ');
    const of = (ordinal: number, local: boolean) =>
      createIncident({
        id: `s:${ordinal}`,
        origin: 'dionaea.download.complete.unique',
        timestamp: 0,
        sensor: 'pot',
        data: { file, md5hash: 'abc', url: 'http://x/', connection },
        local,
      });
    const channels = ['dionaea.capture', 'mwbinary.dionaea.sensorunique'];
    const only: Partial<HpfeedsOptions> = { channel: false, sampleFolders: [folder] };
    const sha512 = createHash('sha512').update('MZ').digest('hex');
    const quiet = await published(only, [of(1, true), of(2, false)], channels);
    expect(quiet.heard.map(({ channel, text }) => [channel, JSON.parse(text).sha512])).toEqual([
      ['dionaea.capture', sha512],
      ['dionaea.capture', ''],
    ]);
    const open = await published({ ...only, contents: true }, [of(1, true), of(2, false)], channels);
    expect(
      open.heard.filter(({ channel }) => channel.startsWith('mwbinary')).map(({ text }) => text),
    ).toEqual(['MZ']);
  });

  it('reconnects after the broker has closed the connection', async () => {
    const { broker, sensor } = await network();
    const handler = hpfeeds({ ...sensor, dionaea: false });
    const dispatcher = await host([{ handler }]);
    await dispatcher.report([offer(1, 'one')]);
    await until(() => broker.published() === 1);
    broker.drop();
    // Messages that are sent before the end of the connection is noticed are lost.
    await new Promise((resolve) => setTimeout(resolve, 200));
    await dispatcher.report([offer(2, 'two')]);
    await until(() => broker.published() >= 2);
    expect(handler.counters?.()).toMatchObject({ connections: 2 });
    expect(await dispatcher.drain({ stalledAfter: 5000 })).toEqual([]);
  });

  it.each([
    [
      'a wrong secret',
      { secret: 'wrong' },
      /rejected this client: Authentication failed.*Check "ident" and "secret"/,
    ],
    ['a port without TLS', { tls: {} }, /The TLS handshake failed: check that the server speaks TLS/],
    ['a closed port', { port: 1 }, /Cannot reach the hpfeeds broker .*: connection refused/],
  ])('reports %s, and retries', async (_, wrong, message) => {
    const { sensor } = await network();
    const dispatcher = await host([{ handler: hpfeeds({ ...sensor, ...wrong }) }]);
    await dispatcher.report([offer(1, 'x')]);
    await until(() => dispatcher.status()[0]?.failure !== undefined);
    expect(dispatcher.status()).toMatchObject([
      { state: 'waiting', failure: expect.stringMatching(message), counts: { dead: 0 } },
    ]);
  });

  it('rejects an untrusted certificate, and accepts it with "tls.ca" or "tls.insecure"', async () => {
    const { cert, key, remove } = selfSigned();
    onTestFinished(remove);
    const tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    const { broker, sensor } = await network({ tls });
    const dispatcher = await host([{ handler: hpfeeds({ ...sensor, tls: {} }) }]);
    await dispatcher.report([offer(1, 'x')]);
    await until(() => dispatcher.status()[0]?.failure !== undefined);
    expect(dispatcher.status()).toMatchObject([
      {
        state: 'waiting',
        failure: expect.stringMatching(/is not trusted: set "tls.ca"/),
        counts: { dead: 0 },
      },
    ]);
    for (const [at, trust] of [{ ca: cert }, { insecure: true }].entries()) {
      const trusting = await host([{ handler: hpfeeds({ ...sensor, dionaea: false, tls: trust }) }]);
      await trusting.report([offer(1, 'x')]);
      await until(() => broker.published() === at + 1);
    }
  });

  it.each([
    ['expired', /certificate has expired.*renew it on the server/],
    ['other name', /certificate is for another name: connect by a name that the certificate lists/],
  ] as const)('reports the flaw of a certificate from a trusted authority: %s', async (flaw, message) => {
    const { cert, key, remove } = selfSigned(flaw);
    onTestFinished(remove);
    const tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    const { sensor } = await network({ tls });
    const dispatcher = await host([{ handler: hpfeeds({ ...sensor, tls: { ca: cert } }) }]);
    await dispatcher.report([offer(1, 'x')]);
    await until(() => dispatcher.status()[0]?.failure !== undefined);
    expect(dispatcher.status()[0]?.failure).toMatch(message);
  });

  it('loses nothing when the broker refuses a channel, and names the channel', async () => {
    const { broker, sensor } = await network({
      users: { sensor: { secret: 'one', publish: ['dionaea.connections'], subscribe: [] } },
    });
    const dispatcher = await host([{ handler: hpfeeds(sensor) }]);
    await dispatcher.report([offer(1, 'x'), offer(2, 'y')]);
    await until(() => broker.refused() > 2);
    expect(dispatcher.status()).toMatchObject([
      {
        failure: expect.stringMatching(
          /Authorisation failed.*first message on ihandler.incidents.*"channel: false"/,
        ),
        counts: { delivered: 0, dead: 0 },
      },
    ]);
  });

  it('requires a secret in the options or the environment', async () => {
    const { sensor } = await network();
    const { secret: _, ...without } = sensor;
    const context = { log: silentLog, signal: new AbortController().signal };
    // Safe: only these members are used by start().
    const start = () => hpfeeds(without).start?.(context as never);
    expect(start).toThrow(/IHANDLER_HPFEEDS_SECRET; found neither/);
    process.env['IHANDLER_HPFEEDS_SECRET'] = 'one';
    onTestFinished(() => {
      delete process.env['IHANDLER_HPFEEDS_SECRET'];
    });
    expect(start).not.toThrow();
  });
});
