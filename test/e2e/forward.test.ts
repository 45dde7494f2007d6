import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { canonicalForest } from '@ihandler/log-postgres/testing';
import { openAttackReader } from '@ihandler/log-sqlite';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import type { HostProcess } from '../support/host/host-process.ts';
import { installProgram } from '../support/host/install-program.ts';
import { configureHost, type Entry, type RunParts, runHost } from '../support/host/run-host.ts';
import { sensorFile } from '../support/hubs/sensor-file.ts';
import { type Kept, keptLocally } from '../support/hubs/stored.ts';
import { freePort } from '../support/servers/free-port.ts';

const call = promisify(execFile);
const PACKAGES = ['dionaea', 'forward', 'http', 'journal-sqlite', 'log-sqlite'];
const PATIENCE = 120_000;
vi.setConfig({ testTimeout: 2 * PATIENCE });

let folder = '';
let program = '';
let scenes = 0;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ihandler-forward-'));
  program = await installProgram(folder, PACKAGES);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The file of a sensor, the rows that a direct import stores of it, and a folder for its hosts. */
async function scene(incidents: number): Promise<{ own: string; file: string; kept: Kept }> {
  scenes += 1;
  const own = mkdtempSync(join(folder, `scene-${scenes}-`));
  const file = join(own, 'incidents.json');
  (await sensorFile(file, incidents)).writeUpTo(1);
  return { own, file, kept: await keptLocally(file, 'a', own) };
}

/** Starts a host, which is stopped after the test. */
function host(own: string, name: string, parts: RunParts): HostProcess {
  const made = runHost(program, own, name, parts);
  onTestFinished(() => made.kill());
  return made;
}

const follow = (file: string): Entry => ({ name: 'dionaea-follow', config: { file, poll: '50ms' } });
const http = (port: number): Entry => ({ name: 'http', config: { port } });
const store: Entry = { name: 'log-sqlite', config: { file: 'attacks.sqlite' } };
const forward = (port: number): Entry => ({
  name: 'forward',
  mask: false,
  config: { url: `http://127.0.0.1:${port}/` },
});

interface HostStatus {
  /** Null while it is unknown. */
  readonly journal: { readonly entries: number } | null;
  readonly sources: readonly {
    readonly instance: string;
    readonly state: string;
    readonly failure: string | null;
  }[];
  readonly ihandlers: readonly {
    readonly instance: string;
    readonly state: string;
    readonly pending: number;
    readonly failure: string | null;
    readonly counts: Readonly<Record<string, number>>;
  }[];
}

/** The output of `ihandler status --json` for a host. */
async function status(own: string, name: string): Promise<HostStatus> {
  // Exit code 3: the host needs attention.
  const said = await call(process.execPath, [program, 'status', '--json', '-c', 'ihandler.yaml'], {
    cwd: join(own, name),
  }).catch((error: { stdout: string }) => error);
  return JSON.parse(said.stdout);
}

/** Repeats a request until its result is accepted. Fails with the last result when that takes too long. */
async function until<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > end)
      throw new Error(`the expected state was not reached: ${JSON.stringify(answer)}`);
    await pause(200);
  }
}

const laneOf = ({ ihandlers }: HostStatus, name: string) =>
  ihandlers.find(({ instance }) => instance === name);

async function forestIn(own: string, name: string): Promise<readonly unknown[]> {
  const file = join(own, name, 'attacks.sqlite');
  return existsSync(file) ? canonicalForest(await openAttackReader(file)) : [];
}

/** Waits until the journal of a host has every incident once and its handlers have finished, then compares the stored rows. */
async function hasAll(own: string, name: string, { incidents, forest }: Kept): Promise<void> {
  const current = await until(
    () => status(own, name),
    ({ journal, ihandlers }) =>
      (journal?.entries ?? 0) >= incidents && ihandlers.every(({ pending }) => pending === 0),
  );
  expect(current.journal?.entries, name).toBe(incidents);
  expect(await forestIn(own, name), name).toEqual(forest);
}

it('a hub reports that another program uses its port, and receives the pending incidents when the port is free', async () => {
  const { own, file, kept } = await scene(340);
  const port = await freePort();
  // It accepts connections and never responds, like another program that happens to use this port.
  const callers = new Set<Socket>();
  const other = createServer((socket) => callers.add(socket.on('error', () => undefined)));
  onTestFinished(() => void other.close());
  other.listen(port, '127.0.0.1');
  const hub = host(own, 'hub', { sources: [http(port)], ihandlers: [store] });
  const sensor = host(own, 'a', { sources: [follow(file)], ihandlers: [forward(port)] });
  hub.start();
  sensor.start();
  const current = await until(
    () => status(own, 'hub'),
    ({ sources }) => sources[0]?.state === 'disconnected',
  );
  expect(current.sources[0]?.failure).toBe(
    `http: cannot listen on port ${port} of 127.0.0.1: another program uses it. Stop that program, or choose another port. (address already in use: 127.0.0.1:${port})`,
  );
  other.close();
  for (const caller of callers) caller.destroy();
  await hasAll(own, 'hub', kept);
  expect([hub.failed(), sensor.failed()]).toEqual([undefined, undefined]);
});

it('a sensor loses nothing and reports why it waits while the disk of the hub is full or the hub is down for long', async () => {
  const { own, file, kept } = await scene(3400);
  const port = await freePort();
  const parts = { sources: [http(port)], ihandlers: [store] };
  // No disk has that much space, so this disk has too little.
  const journal = { name: 'sqlite', config: { minFree: '900000TiB' } };
  const hub = host(own, 'hub', { ...parts, journal });
  const sensor = host(own, 'a', { sources: [follow(file)], ihandlers: [forward(port)] });
  sensor.start();
  const why = (words: string) =>
    until(
      () => status(own, 'a'),
      (current) => {
        const lane = laneOf(current, 'forward');
        return lane?.failure?.includes(words) === true && lane.pending === kept.incidents;
      },
    );
  await why('cannot reach 127.0.0.1');
  hub.start();
  await why('answered 503: Incidents cannot be stored at the moment');
  expect(await hub.stop()).toBe(0);
  await why('cannot reach 127.0.0.1');
  // Pending incidents are in the journal, so the file may be deleted and the process may die.
  rmSync(file);
  await sensor.kill();
  configureHost(own, 'hub', parts);
  hub.start();
  sensor.start();
  await hasAll(own, 'hub', kept);
});

it('three hosts that forward in a ring come to rest with each incident once in each host, although hosts are killed', async () => {
  const { own, file, kept } = await scene(3400);
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const ring = (['a', 'b', 'c'] as const).map((name, at) =>
    host(own, name, {
      sources: [http(ports[at] ?? 0), ...(at === 0 ? [follow(file)] : [])],
      ihandlers: [forward(ports[(at + 1) % 3] ?? 0), store],
    }),
  );
  for (const each of ring) each.start();
  for (const each of ring) {
    await pause(300);
    await each.kill();
    each.start();
  }
  for (const { name } of ring) await hasAll(own, name, kept);
  const posts = async () =>
    Promise.all(ring.map(async ({ name }) => laneOf(await status(own, name), 'forward')?.counts));
  const before = await posts();
  await pause(1500);
  expect(await posts()).toEqual(before);
});
