import { describe, expect, onTestFinished, test } from 'vitest';
import { healthAddress, serveHealth } from './health-server.ts';
import { type HostStatus, troubles, WAITS_LONG } from './host-status.ts';

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
        waiting: 4,
        oldestWaiting: at - 90_000,
        failure: null,
        counters: { rows: 12, odd: -1 },
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
        failure: null,
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
  test('are where the configuration says, on loopback otherwise, or nowhere', () => {
    expect(healthAddress({})).toEqual({ host: '127.0.0.1', port: 9464 });
    expect(healthAddress({ health: { port: 1 } })).toEqual({ host: '127.0.0.1', port: 1 });
    expect(healthAddress({ health: 'off' })).toBeUndefined();
    expect(healthAddress({ health: false })).toBeUndefined();
  });

  test.each([
    ['nothing', 200, {}, {}, []],
    ['what waits for fifteen minutes', 200, { oldestWaiting: at - WAITS_LONG }, {}, []],
    [
      'what waits for longer',
      503,
      { oldestWaiting: at - WAITS_LONG - 1 },
      {},
      ['a"b: something has waited for 15 minutes'],
    ],
    [
      'a journal that takes nothing',
      503,
      {},
      { state: 'waiting', failure: 'full' },
      ['tail: the journal takes nothing: full'],
    ],
    ['a source that has failed', 503, {}, { state: 'failed', failure: 'gone' }, ['tail: gone']],
  ])('with %s are %i', async (_what, code, instance, source, problems) => {
    const url = await served(() => hostStatus(instance, source));
    const response = await fetch(`${url}/health?x=1`);
    expect(response.status).toBe(code);
    expect(await response.json()).toMatchObject({ problems });
  });

  test('call for somebody when a handler is stuck', () => {
    expect(troubles(hostStatus({ state: 'stuck' }))).toEqual(['a"b: it does not answer']);
  });

  test('are metrics as Prometheus reads them', async () => {
    let waiting = 4;
    const url = await served(() => hostStatus({ waiting }));
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const text = await response.text();
    for (const line of [
      'ihandler_incidents_accepted_total{source="tail"} 9',
      'ihandler_rejects_total{source="tail"} 2',
      'ihandler_deliveries_total{instance="a\\"b",outcome="delivered"} 7',
      'ihandler_deliveries_total{instance="a\\"b",outcome="lost"} 3',
      'ihandler_dead_letters{instance="a\\"b"} 2',
      'ihandler_waiting{instance="a\\"b"} 4',
      'ihandler_oldest_waiting_seconds{instance="a\\"b"} 90',
      'ihandler_handler_count{instance="a\\"b",name="rows"} 12',
      'ihandler_journal_bytes{journal="sqlite"} 4096',
      'ihandler_source_up{source="tail"} 1',
    ])
      expect(text).toContain(`${line}\n`);
    expect(text).not.toContain('ihandler_journal_limit_bytes{');
    expect(text).toContain('process_resident_memory_bytes');
    waiting = 1;
    expect(await (await fetch(`${url}/metrics`)).text()).toContain('ihandler_waiting{instance="a\\"b"} 1\n');
  });

  test('are all there is', async () => {
    const url = await served(hostStatus);
    expect((await fetch(`${url}/`)).status).toBe(404);
    const post = await fetch(`${url}/health`, { method: 'POST', body: 'x' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    const head = await fetch(`${url}/health`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  test('say so when nobody can tell how it is', async () => {
    const server = await serveHealth({ host: '127.0.0.1', port: 0 }, async () => {
      throw new Error('no idea');
    });
    onTestFinished(() => server.close());
    expect((await fetch(`${server.url}/health`)).status).toBe(500);
  });
});
