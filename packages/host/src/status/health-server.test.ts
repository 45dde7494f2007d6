import { get } from 'node:http';
import { describe, expect, onTestFinished, test } from 'vitest';
import { healthAddress, serveHealth } from './health-server.ts';
import { type HostStatus, LATE_AFTER, problemsOf } from './host-status.ts';

const counts = { delivered: 7, filtered: 5, dead: 2, dropped: 1, lost: 3 };
const at = 1_795_600_000_000;

function hostStatus(instance: object = {}, source: object = {}): HostStatus {
  return {
    pid: 1,
    startedAt: at - 1000,
    at,
    sensor: 's',
    data: '/data',
    health: null,
    journal: { name: 'sqlite', where: '/j', entries: 9, bytes: 4096, limit: null, free: 1e9 },
    ihandlers: [
      {
        instance: 'a"b',
        handler: 'a',
        state: 'live',
        since: at,
        counts,
        pending: 4,
        oldestPending: at - 90_000,
        failure: null,
        failingSince: null,
        counters: { rows: 12, odd: -1 },
        uncaught: null,
        ...instance,
      },
    ],
    sources: [
      {
        instance: 'tail',
        source: 'tail',
        state: 'running',
        since: at,
        accepted: 9,
        known: 1,
        rejected: 2,
        misfits: 3,
        unknown: 4,
        reportedAt: at,
        newest: at,
        clocks: [],
        failure: null,
        lost: null,
        ...source,
      },
    ],
  };
}

async function served(status: () => HostStatus): Promise<string> {
  const server = await serveHealth({ host: '127.0.0.1', port: 0 }, async () => status());
  onTestFinished(() => server.close());
  return server.url;
}

describe('health and metrics', () => {
  test('have the configured address, loopback by default, or none', () => {
    expect(healthAddress({})).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(healthAddress({ health: { port: 1 } })).toEqual({ host: '127.0.0.1', port: 1 });
    expect(healthAddress({ health: 'off' })).toBeUndefined();
    expect(healthAddress({ health: false })).toBeUndefined();
  });

  test.each([
    ['no problem', 200, {}, {}, []],
    ['a backlog of 15 minutes', 200, { oldestPending: at - LATE_AFTER }, {}, []],
    [
      'a longer backlog',
      503,
      { oldestPending: at - LATE_AFTER - 1 },
      {},
      ['a"b: 4 incidents pending, the oldest for 15 min'],
    ],
    [
      'a journal that does not accept incidents',
      503,
      {},
      { state: 'waiting', failure: 'full' },
      ['tail: the journal does not accept incidents: full'],
    ],
    ['a source that is disconnected for a while', 200, {}, { state: 'disconnected', failure: 'gone' }, []],
    [
      'a source that is disconnected for longer',
      503,
      {},
      { state: 'disconnected', since: at - LATE_AFTER - 1, failure: 'gone' },
      ['tail: disconnected for 15 min: gone'],
    ],
    [
      'a handler that fails after a restart, with an old backlog',
      503,
      { state: 'waiting', failure: 'gone', failingSince: at - 1000, oldestPending: at - 90_000 },
      {},
      [expect.stringMatching(/^a"b: retrying since the start: gone; .*the oldest for 1.5 min$/)],
    ],
    ['a stuck handler', 200, { state: 'stuck', since: at - 90_000 }, {}, []],
    ['a source that has failed', 503, {}, { state: 'failed', failure: 'gone' }, ['tail: failed: gone']],
  ])('answer %s with %i', async (_what, code, instance, source, problems) => {
    const url = await served(() => hostStatus(instance, source));
    const response = await fetch(`${url}/health?x=1`);
    expect(response.status).toBe(code);
    expect(await response.json()).toMatchObject({ problems });
  });

  test('count a stuck handler as a problem that does not make the host unhealthy', () => {
    expect(problemsOf(hostStatus({ state: 'stuck', since: at - 90_000 }))).toMatchObject([
      { kind: 'stuck', about: 'a"b', problem: 'the handler stopped responding 1.5 min ago' },
    ]);
  });

  test('include metrics in the format of Prometheus', async () => {
    let pending = 4;
    const url = await served(() => hostStatus({ pending }));
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    for (const line of [
      'ihandler_incidents_accepted_total{source="tail"} 9',
      'ihandler_rejects_total{source="tail"} 2',
      'ihandler_deliveries_total{instance="a\\"b",outcome="delivered"} 7',
      'ihandler_deliveries_total{instance="a\\"b",outcome="lost"} 3',
      'ihandler_dead_letters{instance="a\\"b"} 2',
      'ihandler_pending{instance="a\\"b"} 4',
      'ihandler_oldest_pending_seconds{instance="a\\"b"} 90',
      'ihandler_handler_count{instance="a\\"b",name="rows"} 12',
      'ihandler_journal_bytes{journal="sqlite"} 4096',
      'ihandler_source_up{source="tail"} 1',
    ])
      expect(text).toContain(`${line}\n`);
    expect(text).not.toContain('ihandler_journal_limit_bytes{');
    expect(text).toContain('process_resident_memory_bytes');
    pending = 1;
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('ihandler_pending{instance="a\\"b"} 1\n');
  });

  test('answer any other request with an error', async () => {
    const url = await served(hostStatus);
    expect((await fetch(`${url}/`)).status).toBe(404);
    const post = await fetch(`${url}/health`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await fetch(`${url}/health`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('answer no request that names another host', async () => {
    const { port } = new URL(await served(hostStatus));
    const answerTo = (host: string) =>
      new Promise((resolve, reject) => {
        get({ port, path: '/metrics', headers: { host } }, ({ statusCode }) => resolve(statusCode)).on(
          'error',
          reject,
        );
      });
    expect(await answerTo('evil.example.com')).toBe(421);
    expect(await answerTo(`localhost:${port}`)).toBe(200);
  });

  test('answer 500 when the status fails', async () => {
    const server = await serveHealth({ host: '127.0.0.1', port: 0 }, async () => {
      throw new Error('no idea');
    });
    onTestFinished(() => server.close());
    expect((await fetch(`${server.url}/health`)).status).toBe(500);
  });
});
