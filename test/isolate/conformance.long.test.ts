import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { TABLES } from '@ihandler/attack-log';
import {
  describeService,
  type HpfeedsBroker,
  type NatsServer,
  type Postgres,
  type Prosody,
  startHpfeedsBroker,
  startNats,
  startPostgres,
  startProsody,
} from '@ihandler/test-support/servers';
import { describeHandler } from '@ihandler/testkit';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, it, vi } from 'vitest';
import { bundleHandlers, type IsolatedHandlers } from '../support/isolation/isolated-handlers.ts';

// Authentication of XMPP takes seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

let handlers: IsolatedHandlers;
beforeAll(async () => {
  handlers = await bundleHandlers([
    ...['forward', 'hpfeeds', 'log-postgres', 'log-sqlite', 'nats', 'store', 'virustotal', 'xmpp'],
  ]);
});
afterAll(() => handlers.remove());

/** The rows of these tables of a database. */
function rowsIn(file: string, tables: readonly string[]): readonly unknown[] {
  const database = new Database(file, { readonly: true });
  try {
    return tables.map((table) => database.prepare(`SELECT * FROM ${table}`).all());
  } finally {
    database.close();
  }
}

describe('log-sqlite in a thread keeps the rules of a handler', () => {
  const fileIn = (folder: string) => join(folder, 'attacks.sqlite');
  describeHandler(it, (folder) => handlers.create('log-sqlite', { file: fileIn(folder) }), {
    stored: (folder) => rowsIn(fileIn(folder), Object.keys(TABLES)),
  });
});

describe('store in a thread keeps the rules of a handler', () => {
  describeHandler(it, (folder) => handlers.create('store', { sampleFolders: [join(folder, 'binaries')] }));
});

describe('virustotal in a thread keeps the rules of a handler', () => {
  const fileIn = (folder: string) => join(folder, 'virustotal.sqlite');
  // A local port without a listener: lookups fail, and the backlog is kept.
  const options = { apiKey: 'k'.repeat(64), url: 'http://127.0.0.1:9/api/v3' };
  describeHandler(it, (folder) => handlers.create('virustotal', { ...options, file: fileIn(folder) }), {
    stored: (folder) => rowsIn(fileIn(folder), ['(SELECT sha256, md5, class FROM samples ORDER BY sample)']),
  });
});

describe('forward in a thread keeps the rules of a handler', () => {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(204).end());
  });
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // Safe: the server listens on a port.
    port = (server.address() as AddressInfo).port;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  describeHandler(it, () => handlers.create('forward', { url: `http://127.0.0.1:${port}/` }));
});

describe('hpfeeds in a thread keeps the rules of a handler', () => {
  let broker: HpfeedsBroker;
  beforeAll(async () => {
    const publish = [
      ...[
        'mwbinary.dionaea.sensorunique',
        'dionaea.capture',
        'dionaea.capture.anon',
        'dionaea.dcerpcrequests',
      ],
      ...['dionaea.shellcodeprofiles', 'dionaea.connections', 'dionaea.incidents', 'ihandler.incidents'],
    ];
    broker = await startHpfeedsBroker({ users: { sensor: { secret: 'one', publish, subscribe: [] } } });
  });
  afterAll(() => broker.stop());

  describeHandler(it, () =>
    handlers.create('hpfeeds', { server: '127.0.0.1', port: broker.port, ident: 'sensor', secret: 'one' }),
  );
});

describeService('postgres', () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  const schemas = new Map<string, string>();
  /** Each folder of the suite stands for a schema. */
  function urlOf(folder: string): string {
    const known = schemas.get(folder) ?? `suite_${schemas.size}`;
    schemas.set(folder, known);
    return `${server.url}?schema=${known}`;
  }

  describe('log-postgres in a thread keeps the rules of a handler', () => {
    describeHandler(it, (folder) => handlers.create('log-postgres', { url: urlOf(folder) }));
  });
});

describeService('nats-server', () => {
  let server: NatsServer;
  beforeAll(async () => {
    // The largest incidents of the suite have 1 MiB of text.
    server = await startNats('max_payload: 8MB');
  });
  afterAll(() => server.stop());

  describe('nats in a thread keeps the rules of a handler', () => {
    describeHandler(it, () => handlers.create('nats', { url: server.url, create: {} }));
  });
});

describeService('prosody', () => {
  let server: Prosody;
  beforeAll(async () => {
    server = await startProsody({ pot: 'one' });
  });
  afterAll(() => server.stop());

  describe('xmpp in a thread keeps the rules of a handler', () => {
    const rooms = [{ room: 'all@rooms.localhost' }];
    describeHandler(it, () =>
      handlers.create('xmpp', { url: server.url, username: 'pot@localhost', password: 'one', rooms }),
    );
  });
});
