// Bugs in the history of cowrie that concern events: the commit, and the bug.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineHandler, type Handler, type Incident, matchOrigin, type Schema } from '@ihandler/core';
import { describeOrigins, ownOrigins } from '@ihandler/core/origins';
import dionaea from '@ihandler/dionaea';
import dionaeaHttp from '@ihandler/dionaea/http';
import logSqlite from '@ihandler/log-sqlite';
import logText from '@ihandler/log-text';
import store from '@ihandler/store';
import { origins as storeOrigins } from '@ihandler/store/origins';
import { connection, exampleOrigins, incident, recordIncidents } from '@ihandler/testkit';
import virustotal from '@ihandler/virustotal';
import { origins as virustotalOrigins } from '@ihandler/virustotal/origins';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleChild } from '../support/bundle-child.ts';
import { handle, hostOf, temporaryFolder } from '../support/regressions/hosting.ts';

/** Every origin that packages declare, and those of core. */
const declared = [
  ownOrigins,
  exampleOrigins,
  describeOrigins(storeOrigins),
  describeOrigins(virustotalOrigins),
].flatMap(({ origins }) => Object.entries(origins));

describe('9bf9dcd7: a plugin listened to ids that nothing emits', () => {
  const handlers: readonly Handler[] = [
    logSqlite({ file: 'attacks.sqlite' }),
    logText({ file: 'incidents.log' }),
    store({ folder: '/samples', sampleFolders: ['/captured'] }),
    virustotal({ apiKey: '0'.repeat(64) }),
  ];

  it.each(handlers)('each glob of $name matches a known origin', (handler) => {
    const all = 'on' in handler ? Object.keys(handler.on) : handler.accepts;
    const globs = all.filter((glob) => !glob.startsWith('role:'));
    expect(globs.length).toBeGreaterThan(0);
    const origins = declared.map(([origin]) => origin);
    expect(globs.filter((glob) => !origins.some((origin) => matchOrigin(glob, origin)))).toEqual([]);
  });
});

describe('8fbc5e57: eight plugins changed an event that they shared', () => {
  it('a handler cannot change an incident for other handlers', async () => {
    const seen = recordIncidents();
    const vandal = defineHandler({
      name: 'vandal',
      on: {
        'dionaea.*'(given) {
          // Safe: a handler written in JavaScript could do this.
          const data = given.data as { connection?: { remote?: { host?: string } } };
          if (data.connection?.remote !== undefined) data.connection.remote.host = '0.0.0.0';
        },
      },
    });
    const accept = incident('dionaea.connection.tcp.accept');
    const before = JSON.stringify(accept);
    await handle(temporaryFolder(), [vandal, seen], [accept]);
    expect(JSON.stringify(seen.incidents[0])).toBe(before);
    expect(seen.find('ihandler.handler.failed')).toMatchObject([{ data: { instance: 'vandal' } }]);
  });
});

/** A line of log_incident whose data imitates another sensor. */
const forged = {
  timestamp: '2026-01-02T03:04:05.678901',
  name: 'dionaea',
  origin: 'dionaea.modules.python.smb.dcerpc.request',
  data: {
    connection: {
      id: 'c1',
      protocol: 'smbd',
      transport: 'tcp',
      local_ip: '192.0.2.1',
      local_port: 445,
      remote_hostname: '',
      remote_ip: '198.51.100.7',
      remote_port: 40_000,
    },
    uuid: '3919286a-b10c-11d0-9ba8-00c04fd92ef5',
    opnum: 9,
    id: 'another:1',
    origin: 'dionaea.download.offer',
    sensor: 'another',
    timestamp: 1,
    remote_ip: '203.0.113.99',
    src_ip: '203.0.113.99',
  },
};

describe('16eed625: a field from the attacker replaced the address of the attacker', () => {
  it('the id, origin, time and sensor of an incident never come from its data', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'incident.json');
    writeFileSync(file, `${JSON.stringify(forged)}\n`);
    const seen = recordIncidents();
    const host = hostOf(folder, [seen]);
    await host.start();
    await host.run(dionaea({ file, sensor: 'hive' }));
    await host.drain();
    await host.close();
    const [read] = seen.incidents;
    expect(read?.origin).toBe(forged.origin);
    expect(read?.sensor).toBe('hive');
    expect(read?.timestamp).toBe(Date.parse('2026-01-02T03:04:05.678Z') + 0.901);
    expect(read?.id).not.toContain('another');
    expect(read?.data['connection']).toMatchObject({ remote: { host: '198.51.100.7' } });
  });

  it('a client with the token of one sensor cannot post for another', async () => {
    const seen = recordIncidents();
    const host = hostOf(temporaryFolder(), [seen], {
      log: () => ({ ...quiet, info: (_, details) => listening(Number(details?.['port'])) }),
    });
    let listening: (port: number) => void = () => undefined;
    const port = new Promise<number>((resolve) => {
      listening = resolve;
    });
    await host.start();
    const over = new AbortController();
    const token = 'a-token-of-the-test-0';
    const running = host.run(dionaeaHttp({ port: 0, sensors: [{ sensor: 'hive', token }] }), {
      signal: over.signal,
    });
    const url = `http://127.0.0.1:${await port}/`;
    const headers = { Authorization: `Bearer ${token}` };
    await fetch(url, { method: 'POST', headers, body: JSON.stringify(forged) });
    over.abort();
    await running;
    await host.drain();
    await host.close();
    expect(seen.incidents.map(({ sensor }) => sensor)).toEqual(['hive']);
  });
});

const quiet = { error() {}, warn() {}, info() {}, debug() {} };

describe('ccf65366: a time in UTC was read as local time', () => {
  const bundle = mkdtempSync(
    fileURLToPath(new URL('../../packages/journal-sqlite/node_modules/.zone-', import.meta.url)),
  );
  beforeAll(() =>
    bundleChild(new URL('../support/regressions/zone-child.ts', import.meta.url), bundle, 'better-sqlite3'),
  );
  afterAll(() => rmSync(bundle, { recursive: true, force: true }));

  it('times are the same in every time zone, in memory, in a database and in a text log', {
    timeout: 60_000,
  }, () => {
    const zones = ['UTC', 'Asia/Tokyo', 'America/New_York', 'Asia/Kathmandu'];
    const answers = zones.map((zone) => {
      const folder = temporaryFolder();
      const accept = { ...forged, origin: 'dionaea.connection.tcp.accept' };
      writeFileSync(join(folder, 'incident.json'), `${JSON.stringify(accept)}\n`);
      const child = join(bundle, 'zone-child.js');
      const ran = spawnSync(process.execPath, [child, folder], {
        encoding: 'utf8',
        env: { ...process.env, TZ: zone },
      });
      expect(ran.stderr).toBe('');
      const text = readFileSync(join(folder, 'incidents.log'), 'utf8').split(' ')[0];
      return { ...JSON.parse(ran.stdout), text, zone: undefined };
    });
    // The child does run in that zone.
    expect(answers[0]?.offset).toBe(0);
    expect(answers[1]?.offset).toBe(-540);
    const expected = {
      timestamp: Date.parse('2026-01-02T03:04:05.678Z') + 0.901,
      stored: 1_767_323_045.678_901,
    };
    for (const answer of answers) {
      expect(answer).toMatchObject(expected);
      expect(answer.text).toMatch(/^2026-01-02T03:04:05\.678/);
    }
  });
});

describe('2495b791: a field was a number in one event and a text in another', () => {
  it('each field has the same type in all incidents that ihandler reports', () => {
    const types = new Map<string, Set<string>>();
    for (const [origin, { schema }] of declared) {
      if (!origin.startsWith('ihandler.')) continue;
      for (const [field, { anyOf, $ref, type }] of Object.entries(schema?.properties ?? {})) {
        expect(anyOf, `${origin}: ${field}`).toBeUndefined();
        const found = types.get(field) ?? new Set();
        types.set(field, found.add(String($ref ?? type).replace('integer', 'number')));
      }
    }
    expect(types.size).toBeGreaterThan(15);
    expect([...types].filter(([, found]) => found.size > 1)).toEqual([]);
  });

  it('a handler gets an error for a report that does not fit its schema', async () => {
    const numberOfAttempts: Schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          typeof (value as { attempts: unknown }).attempts === 'number'
            ? { value }
            : { issues: [{ message: 'attempts: expected a number' }] },
      },
    };
    const seen = recordIncidents();
    const emitter = defineHandler({
      name: 'emitter',
      reports: { 'ihandler.handler.failed': numberOfAttempts },
      on: {
        'dionaea.*': (_: Incident, context) =>
          // Safe: a handler written in JavaScript could do this.
          context.report('ihandler.handler.failed', { attempts: 'three' } as never),
      },
    });
    await handle(
      temporaryFolder(),
      [emitter, seen],
      [incident('dionaea.connection.tcp.accept', { connection: connection() })],
    );
    const failed = seen.find('ihandler.handler.failed');
    expect(failed).toMatchObject([{ data: { instance: 'emitter', attempts: expect.any(Number) } }]);
  });
});
