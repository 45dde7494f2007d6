import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Service } from '../../scripts/services.mjs';
import { type Replaced, walkThrough } from '../support/documents/example.ts';
import { installProgram } from '../support/host/install-program.ts';
import { writeRecording } from '../support/recorded-attacks.ts';
import { describeService } from '../support/servers/available.ts';
import { freePort } from '../support/servers/free-port.ts';
import { type Postgres, startPostgres } from '../support/servers/postgres.ts';

const PACKAGES = [
  'dionaea',
  'forward',
  'http',
  'journal-sqlite',
  'log-postgres',
  'log-sqlite',
  'nats',
  'xmpp',
];

/** The secrets that READMEs name, by machine. */
const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  server: { HIVE_1_PASSWORD: 'of-the-sensor', HUB_PASSWORD: 'of-the-hub' },
  hub: {
    HIVE_1_TOKEN: 'a1b2c3d4e5f60718293a',
    HIVE_2_TOKEN: 'b1b2c3d4e5f60718293a',
    NATS_PASSWORD: 'of-the-hub',
    XMPP_PASSWORD: 'of-the-hub',
  },
  sensor: {
    HUB_TOKEN: 'a1b2c3d4e5f60718293a',
    NATS_PASSWORD: 'of-the-sensor',
    XMPP_PASSWORD: 'of-the-sensor',
  },
};

interface Example {
  readonly name: string;
  readonly services: readonly Service[];
  /** Text in its files and the replacement on this machine, with a free port. */
  replaced(port: number): Replaced;
}

const examples: readonly Example[] = [
  {
    name: 'sensor-and-hub',
    services: [],
    replaced: (port) => [
      ['hub.example.org', 'localhost'],
      ['8443', String(port)],
      ['0.0.0.0', '127.0.0.1'],
    ],
  },
  {
    name: 'hub-nats',
    services: ['postgres', 'nats-server'],
    replaced: (port) => [
      ['nats.example.org', 'localhost'],
      ['port: 4222', `port: ${port}\nhost: 127.0.0.1`],
      ['4222', String(port)],
      // The disk of the tests is smaller.
      ['maxSize: 20GB', 'maxSize: 100MB'],
    ],
  },
  {
    name: 'hub-xmpp',
    services: ['postgres', 'prosody'],
    replaced: (port) => [
      ['xmpp.example.org', 'localhost'],
      ['c2s_ports = { 5222 }', `c2s_ports = { ${port} } interfaces = { "127.0.0.1" } run_as_root = true`],
      ['5222', String(port)],
    ],
  },
];

function describeServices(services: readonly Service[], suite: () => void): void {
  const [first, ...rest] = services;
  if (first === undefined) suite();
  else describeService(first, () => describeServices(rest, suite));
}

describe('an example', () => {
  let installed = '';
  let program = '';
  beforeAll(async () => {
    installed = mkdtempSync(join(tmpdir(), 'ihandler-examples-'));
    program = await installProgram(installed, PACKAGES);
  }, 120_000);
  afterAll(() => rmSync(installed, { recursive: true, force: true }));

  describe.each(examples)('$name', ({ name, services, replaced }) => {
    describeServices(services, () => {
      let postgres: Postgres | undefined;
      beforeAll(async () => {
        if (services.includes('postgres')) postgres = await startPostgres();
      });
      afterAll(() => postgres?.stop());

      it('sends the incidents of a sensor to the hub when the steps of its README are followed', async () => {
        const folder = join(installed, name);
        mkdirSync(folder);
        const database = ['postgres://ihandler@db.example.org:5432/attacks', postgres?.url ?? ''] as const;
        const example = walkThrough(
          name,
          folder,
          program,
          [database, ...replaced(await freePort())],
          secrets,
        );
        onTestFinished(() => example.stop());
        expect(example.installed).toContain('ihandler');
        for (const each of example.installed)
          expect(['ihandler', ...PACKAGES.map((one) => `@ihandler/${one}`)]).toContain(each);
        await example.follow();
        await writeRecording(join(example.folder('sensor'), 'dionaea/dionaea_incident.json'), 3);
        let seen = '';
        const end = performance.now() + 60_000;
        while (seen.split('ftpctrl').length < 4 && performance.now() < end) {
          await pause(500);
          seen = await example.look();
        }
        expect(seen.split('ftpctrl'), `${seen}\n${example.said()}`).toHaveLength(4);
        expect(seen).toContain('remoteshell');
        // The address of the sensor did not leave the machine.
        expect(seen).not.toContain('192.0.2.53');
      }, 120_000);
    });
  });
});
