import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Handler } from '@ihandler/core';
import forward from '@ihandler/forward';
import hpfeeds from '@ihandler/hpfeeds';
import hpfeedsSource from '@ihandler/hpfeeds/source';
import http from '@ihandler/http';
import logPostgres from '@ihandler/log-postgres';
import logSqlite from '@ihandler/log-sqlite';
import nats from '@ihandler/nats';
import natsSource from '@ihandler/nats/source';
import { recordings } from '@ihandler/testkit';
import xmpp from '@ihandler/xmpp';
import xmppSource from '@ihandler/xmpp/source';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { host, keepRunning } from '../support/host/in-process.ts';
import { until } from '../support/host/until.ts';
import { describeService } from '../support/servers/available.ts';
import { freePort } from '../support/servers/free-port.ts';
import { type HpfeedsBroker, startHpfeedsBroker } from '../support/servers/hpfeeds-broker.ts';
import { type NatsServer, startNats } from '../support/servers/nats.ts';
import { type Postgres, startPostgres } from '../support/servers/postgres.ts';
import { type Prosody, startProsody } from '../support/servers/prosody.ts';

vi.setConfig({ testTimeout: 60_000 });

const WRONG = 'wr0ng-secret-of-no-use';
const RIGHT = '5d1f0a9c7e3b48260d9f';

function describeAll(suite: () => void): void {
  describeService('postgres', () => describeService('nats-server', () => describeService('prosody', suite)));
}

describeAll(() => {
  let servers: { postgres: Postgres; nats: NatsServer; prosody: Prosody; broker: HpfeedsBroker };
  beforeAll(async () => {
    const [postgres, natsServer, prosody, broker] = await Promise.all([
      startPostgres({ password: RIGHT }),
      startNats(`authorization { user: pot, password: "${RIGHT}" }`),
      startProsody({ pot: RIGHT }),
      startHpfeedsBroker({ users: { pot: { secret: RIGHT, publish: [], subscribe: [] } } }),
    ]);
    servers = { postgres, nats: natsServer, prosody, broker };
  });
  afterAll(async () => {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
  });

  const account = (password: string) => ({
    url: servers.prosody.url,
    username: 'pot@localhost',
    password,
  });
  const broker = (secret: string) => ({
    server: '127.0.0.1',
    port: servers.broker.port,
    ident: 'pot',
    secret,
  });
  const cluster = (password: string) => ({ url: servers.nats.url, user: 'pot', password, create: {} });

  it('a wrong password or token is reported with a fix, nothing is discarded, and other handlers continue', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ihandler-refused-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const port = await freePort();
    const hub = await host([]);
    const end = new AbortController();
    const listening = hub.run(http({ port, token: RIGHT }), { signal: end.signal });
    const refused: readonly (readonly [Handler, RegExp])[] = [
      [
        logPostgres({ url: servers.postgres.url.replace(RIGHT, WRONG) }),
        /rejected the login of ihandler: check the user, the password/,
      ],
      [forward({ url: `http://127.0.0.1:${port}/`, token: WRONG }), /token/],
      [nats(cluster(WRONG)), /Check that the server knows this user and password/],
      [
        xmpp({ ...account(WRONG), rooms: [{ room: 'a@rooms.localhost' }] }),
        /Check "username" and "password"/,
      ],
      [hpfeeds(broker(WRONG)), /Check "ident" and "secret"/],
    ];
    const dispatcher = await host([
      ...refused.map(([handler]) => ({ handler })),
      { handler: logSqlite({ file: join(folder, 'attacks.sqlite') }) },
    ]);
    const incidents = [...recordings.dionaea().incidents()];
    await dispatcher.report(incidents);
    await until(() =>
      dispatcher
        .status()
        .slice(0, -1)
        .every(({ failure }) => failure !== undefined),
    );
    await until(() => dispatcher.status().at(-1)?.pending === 0);
    const status = dispatcher.status();
    for (const [at, [, message]] of refused.entries()) {
      expect(status[at]?.failure).toMatch(message);
      expect(status[at]).toMatchObject({ counts: { delivered: 0, dead: 0 } });
      expect(status[at]?.pending).toBeGreaterThanOrEqual(incidents.length);
    }
    expect(JSON.stringify(status)).not.toContain(WRONG);
    end.abort();
    await listening;
    expect(hub.sources()).toMatchObject([{ accepted: 0 }]);
  });

  it('a rejected source is reported, and other sources continue', async () => {
    const port = await freePort();
    const dispatcher = await host([]);
    const end = new AbortController();
    const running = [
      natsSource(cluster(WRONG)),
      xmppSource({ ...account(WRONG), rooms: ['a@rooms.localhost'] }),
      hpfeedsSource(broker(WRONG)),
      http({ port }),
    ].map((source) => keepRunning(dispatcher, source, { signal: end.signal }));
    for (const [name, message] of [
      ['nats', /Check that the server knows this user and password/],
      ['xmpp', /Check "username" and "password"/],
      ['hpfeeds', /Check "ident" and "secret"/],
    ] as const) {
      const status = () => dispatcher.sources().find(({ source }) => source === name);
      await until(() => status()?.state === 'disconnected');
      expect(status()?.failure).toMatch(message);
      expect(status()?.failure).not.toContain(WRONG);
    }
    const sensor = await host([{ handler: forward({ url: `http://127.0.0.1:${port}/` }) }]);
    await sensor.report([...recordings.dionaea().incidents()]);
    expect(await sensor.drain({ stalledAfter: 5000 })).toEqual([]);
    expect(dispatcher.sources().find(({ source }) => source === 'http')).toMatchObject({ rejected: 0 });
    end.abort();
    await Promise.all(running);
  });
});
