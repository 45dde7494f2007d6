import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createIncident,
  defineHandler,
  defineSource,
  encodeIncident,
  type Incident,
  type Journal,
} from '@ihandler/core';
import forward from '@ihandler/forward';
import http from '@ihandler/http';
import journalSqlite from '@ihandler/journal-sqlite';
import { host } from '@ihandler/test-support/host';
import { freePort } from '@ihandler/test-support/servers';
import { describe, expect, it, onTestFinished } from 'vitest';

const tokens = {
  hive1: 'a-token-of-hive-one-0',
  hive2: 'a-token-of-hive-two-0',
  hub: 'a-token-of-another-hub',
  next: 'the-next-token-of-hive-1',
};
const HIGHEST = Number.MAX_SAFE_INTEGER;

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-streams-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function incidentOf(stream: string, ordinal: number, sensor = 'hive-1', url = `http://192.0.2.1/${ordinal}`) {
  const id = `${stream}:${ordinal}`;
  return createIncident({ id, origin: 'dionaea.download.offer', timestamp: 1, sensor, data: { url } });
}
type Sent = Incident;

interface HubOptions {
  readonly folder?: string;
  readonly journal?: Journal;
  readonly sensors?: readonly { readonly sensor: string; readonly token: string }[];
}

/** A hub with a durable journal, and what its handler got. */
async function openHub({ folder = newFolder(), journal, sensors }: HubOptions = {}) {
  const heard: Sent[] = [];
  const handler = defineHandler({ name: 'hears', on: { '*': (incident) => void heard.push(incident) } });
  const durable = journal ?? journalSqlite({ file: join(folder, 'journal.sqlite') });
  const dispatcher = await host([{ handler }], durable, 'hub');
  const port = await freePort();
  const over = new AbortController();
  const running = dispatcher.run(http({ port, ...(sensors && { sensors }) }), { signal: over.signal });
  await expect
    .poll(() =>
      fetch(`http://127.0.0.1:${port}/`).then(
        ({ status }) => status >= 400,
        () => false,
      ),
    )
    .toBe(true);
  async function post(sent: readonly Sent[], token?: string) {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: sent.map((incident) => encodeIncident(incident)).join('\n'),
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    const text = await response.text();
    return { status: response.status, text };
  }
  return {
    port,
    post,
    heard,
    dispatcher,
    async stop() {
      over.abort();
      await running;
      await dispatcher.drain();
      await dispatcher.close();
    },
  };
}

const sensors = [
  { sensor: 'hive-1', token: tokens.hive1 },
  { sensor: 'hive-2', token: tokens.hive2 },
  { sensor: '*', token: tokens.hub },
];

describe('a stream of a client with a token', () => {
  it('accepts nothing new from another client, also after a restart, and everything from its own', async () => {
    const folder = newFolder();
    const hub = await openHub({ folder, sensors });
    expect(await hub.post([incidentOf('s', 1)], tokens.hive1)).toMatchObject({ status: 204 });
    for (const [sensor, token] of [
      ['hive-2', tokens.hive2],
      ['hive-1', tokens.hub],
    ] as const)
      for (const ordinal of [2, HIGHEST]) {
        const { status, text } = await hub.post([incidentOf('s', ordinal, sensor)], token);
        expect([status, text]).toEqual([409, expect.stringContaining('the client that began the stream s')]);
      }
    await hub.stop();
    const next = [{ sensor: 'hive-1', token: tokens.next }, ...sensors.slice(1)];
    const again = await openHub({ folder, sensors: next });
    expect((await again.post([incidentOf('s', 2, 'hive-2')], tokens.hive2)).status).toBe(409);
    expect((await again.post([incidentOf('s', 2)], tokens.next)).status).toBe(204);
    await again.dispatcher.drain();
    expect([...hub.heard, ...again.heard].map(({ id }) => id)).toEqual(['s:1', 's:2']);
  });

  it('is free for another client when its token is no longer configured', async () => {
    const folder = newFolder();
    const hub = await openHub({ folder, sensors });
    expect((await hub.post([incidentOf('s', 1)], tokens.hub)).status).toBe(204);
    await hub.stop();
    const other = [{ sensor: '*', token: tokens.next }];
    expect(
      (await (await openHub({ folder, sensors: other })).post([incidentOf('s', 2)], tokens.next)).status,
    ).toBe(204);
  });

  it('accepts equal duplicates from every client', async () => {
    const hub = await openHub({ sensors });
    await hub.post([incidentOf('s', 1)], tokens.hive1);
    expect((await hub.post([incidentOf('s', 1)], tokens.hub)).status).toBe(204);
    expect(hub.dispatcher.sources()[0]).toMatchObject({ accepted: 1, known: 1, rejected: 0 });
  });
});

describe('a port without tokens', () => {
  it('answers 409 with the id when another incident has it, and counts only equal ones as duplicates', async () => {
    const hub = await openHub();
    expect((await hub.post([incidentOf('s', 1), incidentOf('s', 2)])).status).toBe(204);
    const { status, text } = await hub.post([incidentOf('s', 2, 'hive-1', 'http://192.0.2.66/')]);
    expect([status, text]).toEqual([409, expect.stringContaining('with the id s:2')]);
    const mixed = await hub.post([incidentOf('s', 1), incidentOf('s', 2, 'x'), incidentOf('s', 3)]);
    expect([mixed.status, JSON.parse(mixed.text)]).toEqual([
      200,
      { rejected: [{ line: 2, reason: expect.stringContaining('s:2'), code: 'id-taken' }] },
    ]);
    expect(hub.dispatcher.sources()[0]).toMatchObject({ accepted: 3, known: 1, rejected: 2 });
  });

  it('rejects ordinals that fall, with the reason', async () => {
    const hub = await openHub();
    expect((await hub.post([incidentOf('s', HIGHEST)])).status).toBe(204);
    const { status, text } = await hub.post([incidentOf('s', 5)]);
    expect([status, text]).toEqual([
      409,
      expect.stringContaining('Expected ordinals that rise in the stream s'),
    ]);
    const falling = await hub.post([incidentOf('t', 7), incidentOf('t', 6)]);
    expect([falling.status, falling.text]).toEqual([200, expect.stringContaining('"line":2')]);
  });

  it('accepts nothing new of a stream of this machine', async () => {
    const hub = await openHub();
    const local = createIncident({ ...incidentOf('own', 1), local: true });
    const follows = defineSource({ name: 'follows', run: ({ report }) => report([local]) });
    await hub.dispatcher.run(follows);
    expect((await hub.post([incidentOf('own', HIGHEST)])).status).toBe(409);
    expect((await hub.post([incidentOf('own', 1)])).status).toBe(204);
    expect(hub.dispatcher.sources().at(-1)?.accepted).toBe(1);
  });

  it('stores or refuses everything that two clients without a token send under the same ids', async () => {
    const hub = await openHub();
    const accepted: string[] = [];
    const send = async (from: string, ordinal: number, url: string) => {
      const body = encodeIncident(incidentOf('s', ordinal, 'hive-1', url));
      const status = await postFrom(from, hub.port, body);
      if (status === 204) accepted.push(`${ordinal} ${url}`);
      return status;
    };
    const sequence: readonly (readonly [string, number, string])[] = [1, 3, 2, HIGHEST, 4].flatMap((n) => [
      ['127.0.0.2', n, 'http://192.0.2.1/'],
      ['127.0.0.3', n, 'http://192.0.2.66/'],
      ['127.0.0.2', n, 'http://192.0.2.67/'],
    ]);
    for (const each of sequence) expect([204, 409]).toContain(await send(...each));
    await hub.dispatcher.drain();
    const stored = new Set(hub.heard.map(({ id, data }) => `${id.slice(2)} ${String(data['url'])}`));
    expect(accepted.filter((each) => !stored.has(each))).toEqual([]);
    const [source] = hub.dispatcher.sources();
    expect((source?.accepted ?? 0) + (source?.known ?? 0)).toBe(accepted.length);
    expect(source?.rejected).toBe(sequence.length - accepted.length);
  });

  it('rejects a stream with half of a surrogate pair', async () => {
    const hub = await openHub();
    for (const half of ['\ud800', '\ud801']) {
      const { status, text } = await hub.post([incidentOf(`s${half}`, 1)]);
      expect([status, text]).toEqual([400, expect.stringContaining('half of a surrogate pair')]);
    }
  });
});

/** Posts from an address of the loopback network. */
async function postFrom(localAddress: string, port: number, body: string): Promise<number | undefined> {
  const sending = request({ host: '127.0.0.1', port, localAddress, method: 'POST' });
  sending.end(body);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

/** A hub whose retention has removed the entries s:1 to s:9 and kept one of another stream. */
async function openAfterRetention() {
  let ahead = 0;
  const file = join(newFolder(), 'journal.sqlite');
  const journal = journalSqlite({ file, keep: '1h', now: () => Date.now() + ahead });
  const hub = await openHub({ journal });
  await hub.post([1, 9].map((n) => incidentOf('s', n)));
  await hub.dispatcher.drain();
  ahead = 2 * 3_600_000;
  await hub.post([incidentOf('t', 1)]);
  await hub.dispatcher.drain();
  await expect.poll(async () => (await journal.newest?.('s')) === undefined, { timeout: 20_000 }).toBe(true);
  return hub;
}

describe('a hub whose retention has removed the entries of a stream', () => {
  it('counts what it cannot compare as assumed to be known, and rejects what happened later', async () => {
    const hub = await openAfterRetention();
    const before = hub.dispatcher.sources()[0];
    expect((await hub.post([incidentOf('s', 5)])).status).toBe(204);
    expect(hub.dispatcher.sources()[0]).toMatchObject({ known: before?.known, assumed: 1 });
    const later = createIncident({ ...incidentOf('s', 6), timestamp: Date.now() + 4 * 3_600_000 });
    const { status, text } = await hub.post([later]);
    expect([status, text]).toEqual([409, expect.stringContaining('Expected ordinals that rise')]);
    expect(hub.dispatcher.sources()[0]).toMatchObject({ assumed: 1, rejected: 1 });
  });
});

describe('a sensor that forwards to a hub', () => {
  it('delivers a retried dead letter although the hub has later incidents of the stream', async () => {
    const hub = await openHub();
    await hub.post([incidentOf('s', 9)]);
    const sensor = await host([{ handler: forward({ url: `http://127.0.0.1:${hub.port}/` }) }]);
    await sensor.report([incidentOf('s', 3), incidentOf('s', 9), incidentOf('s', 10)]);
    expect(await sensor.drain()).toEqual([]);
    await hub.dispatcher.drain();
    expect(sensor.status()[0]?.counts).toMatchObject({ delivered: 3, dead: 0 });
    expect(hub.heard.map(({ id }) => id)).toEqual(['s:9', 's:10', 's~3:3']);
  });

  it('may repeat incidents, which count as duplicates', async () => {
    const hub = await openHub();
    const sent = [1, 2, 3].map((n) => incidentOf('s', n));
    await hub.post(sent);
    expect((await hub.post(sent)).status).toBe(204);
    expect(hub.dispatcher.sources()[0]).toMatchObject({ accepted: 3, known: 3, rejected: 0 });
  });
});
