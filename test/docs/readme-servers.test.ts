import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CHANNELS } from '@ihandler/hpfeeds/testing';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { manuals } from '../support/documents/document.ts';
import { writeRecording } from '../support/documents/recordings.ts';
import { type HostProcess, hostProcess } from '../support/host/host-process.ts';
import { installProgram } from '../support/host/install-program.ts';
import { describeService } from '../support/servers/available.ts';
import { freePort } from '../support/servers/free-port.ts';
import { startHpfeedsBroker } from '../support/servers/hpfeeds-broker.ts';
import { startNats } from '../support/servers/nats.ts';
import { startPostgres } from '../support/servers/postgres.ts';
import { startProsody } from '../support/servers/prosody.ts';
import { selfSigned } from '../support/servers/self-signed.ts';

/** The examples that need a server or a live sensor. test/docs/readme.test.ts only checks them; here they run. */
const PACKAGES = [
  'dionaea',
  'forward',
  'hpfeeds',
  'http',
  'journal-sqlite',
  'log-postgres',
  'log-sqlite',
  'nats',
  'xmpp',
];
const PATIENCE = 60_000;
vi.setConfig({ testTimeout: 2 * PATIENCE });

let folder = '';
let program = '';
let recording = '';
/** The output of `summary` for a recording that is imported directly. */
let expected = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'readme-servers-'));
  program = await installProgram(folder, PACKAGES);
  recording = join(folder, 'recording.ndjson');
  writeRecording(recording);
  const plain = machine('plain', 'ihandlers: [{ name: log-sqlite, config: { file: a.sqlite } }]\n');
  await plain.command('import', '-c', 'my.yaml', recording);
  expected = await plain.command('summary', 'a.sqlite');
  expect(expected).toMatch(/Attacks +\d\d/);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A block of a manual that contains a text, with replacements for this machine. */
function given(manual: string, says: string, here: Readonly<Record<string, string>> = {}): string {
  const { blocks } = manuals.find(({ path }) => path === manual) ?? { blocks: [] };
  const block = blocks.find(({ language, code }) => language === 'yaml' && code.includes(says));
  if (block === undefined) throw new Error(`${manual} has no configuration with ${JSON.stringify(says)}`);
  let text = block.code;
  for (const [said, real] of Object.entries(here)) {
    expect(text, `${manual}: ${said}`).toContain(said);
    text = text.replaceAll(said, real);
  }
  return text;
}

interface Machine {
  readonly folder: string;
  /** Runs a command to its end. Resolves with its output. */
  command(...words: string[]): Promise<string>;
  /** Runs the host until the end of the test. Resolves when it has printed a text. */
  run(says: string): Promise<HostProcess>;
}

/** A folder with a configuration, `my.yaml`, and the environment of a user. */
function machine(name: string, yaml: string, env: Readonly<Record<string, string>> = {}): Machine {
  const own = mkdtempSync(join(folder, `${name}-`));
  // The hosts share a machine: only one could have the health port, and each needs its own data folder.
  const data = /^data:/m.test(yaml) ? '' : 'data: data\n';
  writeFileSync(join(own, 'my.yaml'), `${yaml}${data}health: off\nlog: { levels: 'all,-debug' }\n`);
  return {
    folder: own,
    command: (...words) =>
      new Promise((resolve, reject) => {
        const options = {
          cwd: own,
          env: { PATH: process.env['PATH'], TZ: 'UTC', ...env },
          timeout: PATIENCE,
        };
        execFile(process.execPath, [program, ...words], options, (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else reject(new Error(`${words.join(' ')} ended with ${error.code}\n${stdout}${stderr}`));
        });
      }),
    async run(says) {
      const running = hostProcess(name, [process.execPath, program, 'run', '-c', 'my.yaml'], own, env);
      onTestFinished(async () => {
        expect([await running.stop(), running.failed()], running.said()).toEqual([0, undefined]);
      });
      running.start();
      const end = performance.now() + PATIENCE;
      while (!running.said().includes(says)) {
        if (running.failed() !== undefined || performance.now() > end) throw new Error(running.said());
        await pause(50);
      }
      return running;
    },
  };
}

/** The handlers of a hub. */
const KEEP = 'ihandlers: [{ name: log-sqlite, from: beginning, config: { file: a.sqlite } }]\n';

/** Waits until a database holds all attacks of the recording. */
async function becomes({ command }: Machine, database = 'a.sqlite', wanted = expected): Promise<void> {
  let found = '';
  const end = performance.now() + PATIENCE;
  while (found !== wanted && performance.now() < end) {
    found = await command('summary', database).catch(String);
    await pause(200);
  }
  expect(found).toBe(wanted);
}

type Here = Readonly<Record<string, string>>;

/** A hub that receives and a sensor that sends, each configured as in the manual of a package. */
async function pair(
  manual: string,
  { both, onHub = {} }: { readonly both: Here; readonly onHub?: Here },
  connected: string,
  env: Here = {},
): Promise<void> {
  const hub = machine('hub', given(manual, '# hub.yaml', { ...both, ...onHub }) + KEEP, env);
  await hub.run(connected);
  const sensor = machine('sensor', given(manual, '# sensor.yaml', both), env);
  await sensor.command('import', '-c', 'my.yaml', recording);
  await becomes(hub);
}

const FOLLOWED = '/opt/dionaea/var/lib/dionaea/dionaea_incident.json';

describe('beside a dionaea', () => {
  it.each(['README.md', 'apps/ihandler/README.md', 'docs/operations.md'])(
    'the configuration of %s stores the incidents that dionaea writes, and status shows them',
    async (manual) => {
      const file = join(mkdtempSync(join(folder, 'dionaea-')), 'dionaea_incident.json');
      const data =
        manual === 'docs/operations.md' ? { '/var/lib/ihandler': mkdtempSync(join(folder, 'data-')) } : {};
      const yaml = given(manual, 'dionaea-follow', { [FOLLOWED]: file, ...data });
      const host = machine('host', yaml);
      await host.run('started');
      const written = readFileSync(recording);
      for (let at = 0; at < written.length; at += 20_000)
        appendFileSync(file, written.subarray(at, at + 20_000));
      await becomes(host, /file: (\S+\.sqlite)/.exec(yaml)?.[1]);
      expect(await host.command('status', '-c', 'my.yaml')).toMatch(/dionaea-follow.*243/);
    },
  );

  it('the configuration that follows its database stores its incidents', async () => {
    const lib = mkdtempSync(join(folder, 'dionaea-'));
    mkdirSync(join(lib, 'binaries'));
    writeRecording(join(lib, 'dionaea.sqlite'));
    const plain = machine('plain', KEEP);
    await plain.command('import', '-c', 'my.yaml', join(lib, 'dionaea.sqlite'));
    const yaml = given('packages/dionaea/README.md', 'dionaea-database', {
      '/opt/dionaea/var/lib/dionaea': lib,
    });
    const host = machine('host', yaml + KEEP);
    await host.run('started');
    await becomes(host, 'a.sqlite', await plain.command('summary', 'a.sqlite'));
  });

  it('the configuration that receives its posts stores the posted incidents', async () => {
    const port = await freePort();
    const lib = mkdtempSync(join(folder, 'dionaea-'));
    const yaml = given('packages/dionaea/README.md', 'dionaea-http', {
      8080: String(port),
      '/opt/dionaea/var/lib/dionaea/binaries': lib,
      '/var/lib/ihandler': lib,
    });
    const host = machine('host', yaml + KEEP);
    await host.run('listening for posts');
    for (const body of readFileSync(recording, 'utf8').trimEnd().split('\n')) {
      const post = () => fetch(`http://127.0.0.1:${port}/incidents`, { method: 'POST', body });
      let { status } = await post();
      // A busy disk may delay it by more than a quarter of a second.
      while (status === 503) status = (await post()).status;
      expect(status).toBe(204);
    }
    await becomes(host);
  });
});

it('the configurations of http and forward send the incidents of a sensor to a hub, encrypted', async () => {
  const port = await freePort();
  const { cert, key, remove } = selfSigned();
  onTestFinished(remove);
  const hub = machine(
    'hub',
    given('packages/http/README.md', 'name: http', {
      8443: String(port),
      '0.0.0.0': '127.0.0.1',
      '/var/lib/ihandler/hub.crt': cert,
      '/var/lib/ihandler/hub.key': key,
    }) + KEEP,
  );
  await hub.run('listening for posts');
  const prose = manuals.find(({ path }) => path === 'packages/forward/README.md')?.text ?? '';
  const shown = /^ {4}ihandlers:\n(?: {4}.*\n)+/m.exec(prose)?.[0].replaceAll(/^ {4}/gm, '') ?? '';
  expect(shown).toContain('https://hub.example:8443/');
  const [, token = ''] = /hive-1, token: (\w+)/.exec(given('packages/http/README.md', 'name: http')) ?? [];
  const sensor = machine(
    'sensor',
    `sensor: hive-1\n${shown.replace('hub.example:8443', `localhost:${port}`).replace('/etc/ihandler/hub-ca.pem', cert)}`,
    { IHANDLER_FORWARD_TOKEN: token },
  );
  await sensor.command('import', '-c', 'my.yaml', recording);
  await becomes(hub);
});

it('the configurations of hpfeeds send the incidents of a sensor to a hub', async () => {
  const secret = 'of-your-own';
  const channels = [...Object.values(CHANNELS), 'ihandler.incidents'];
  const broker = await startHpfeedsBroker({
    users: {
      'my-sensor': { secret, publish: channels, subscribe: [] },
      'my-hub': { secret, publish: [], subscribe: channels },
    },
  });
  onTestFinished(() => broker.stop());
  const both = { 'hpfeeds.example.org': `127.0.0.1\n      port: ${broker.port}` };
  await pair('packages/hpfeeds/README.md', { both }, 'hpfeeds: connected');
});

describeService('nats-server', () => {
  it('the configurations of nats send the incidents of a sensor to a hub, encrypted', async () => {
    const { cert, key, remove } = selfSigned();
    onTestFinished(remove);
    const users = ['pot-1', 'hub'].map((user) => `{ user: "${user}", password: "of-your-own" }`).join(', ');
    const server = await startNats(
      `tls { cert_file: "${cert}", key_file: "${key}" }\nauthorization { users: [${users}] }`,
    );
    onTestFinished(() => server.stop());
    const both = { 'nats.example.org': `127.0.0.1:${server.port}` };
    // A cluster with one server, on a smaller disk.
    const onHub = { '50GB': '50MB', 'replicas: 3': 'replicas: 1' };
    const env = { NODE_EXTRA_CA_CERTS: cert };
    await pair('packages/nats/README.md', { both, onHub }, 'nats: connected', env);
  });
});

describeService('prosody', () => {
  it('the configurations of xmpp send the incidents of a sensor to a hub', async () => {
    const server = await startProsody({ 'pot-1': 'of-your-own', hub: 'of-your-own' });
    onTestFinished(() => server.stop());
    const both = {
      'xmpps://xmpp.example.org': server.url,
      '@example.org': '@localhost',
      'rooms.example.org': 'rooms.localhost',
    };
    await pair('packages/xmpp/README.md', { both }, 'joined rooms');
  });
});

describeService('postgres', () => {
  it('the configuration of log-postgres stores the incidents of a sensor, encrypted, and its commands read them', async () => {
    const password = 'of-your-own';
    const server = await startPostgres({ tls: true, password });
    onTestFinished(() => server.stop());
    const url = `postgres://ihandler@127.0.0.1:${server.port}/postgres`;
    const here = { 'postgres://ihandler@db.example.org/attacks': url };
    const hub = machine('hub', given('packages/log-postgres/README.md', 'name: log-postgres', here), {
      IHANDLER_POSTGRES_PASSWORD: password,
      NODE_EXTRA_CA_CERTS: server.certificate,
    });
    for (let n = 0; n < 2; n += 1) await hub.command('import', '-c', 'my.yaml', recording);
    await becomes(hub, `${url}?sslmode=verify-full`);
    expect(await hub.command('tree', url, '--limit', '1')).toContain('connection');
  });
});
