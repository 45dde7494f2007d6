import { appendFileSync, closeSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createIncident, type HandlerContext, silentLog } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import { exampleOrigins } from '@ihandler/testkit';
import { createVirtualTime, createVirusTotal } from '@ihandler/virustotal/testing';
import { createRandom, planMonth } from './month-plan.ts';

/** The instructions of the parent process. */
export interface ChildTask {
  readonly folder: string;
  readonly url: string;
  readonly key: string;
  readonly seed: number;
  readonly unique: number;
  readonly total: number;
  readonly backlog: number;
  /** How long the simulation continues after the last download, in milliseconds. */
  readonly after: number;
  readonly life: number;
  /** The process kills itself right after its n-th report is durable. */
  readonly killAtReport?: number;
  /** The process kills itself right after its n-th delivery, before it is acknowledged. */
  readonly killAtDelivery?: number;
}

// Safe: the parent wrote it.
const task = JSON.parse(process.argv[2] ?? '') as ChildTask;
const { folder, seed, unique, total } = task;

/** A number that outlives this process, in its own file. */
function keptNumber(name: string) {
  const descriptor = openSync(join(folder, name), 'a+');
  closeSync(descriptor);
  const file = openSync(join(folder, name), 'r+');
  const bytes = Buffer.alloc(8);
  return {
    get: () => (readSync(file, bytes, 0, 8, 0) === 8 ? bytes.readDoubleLE() : 0),
    set(value: number) {
      bytes.writeDoubleLE(value);
      writeSync(file, bytes, 0, 8, 0);
    },
  };
}

const clock = keptNumber('clock');
const acknowledged = keptNumber('acknowledged');
const plan = planMonth(seed, unique, total);
clock.set(Math.max(clock.get(), plan.start));
const time = createVirtualTime(clock.get(), clock.set);
const dataDir = join(folder, 'data', 'virustotal');
mkdirSync(dataDir, { recursive: true });

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

// The server dies with the parent.
process.stdin.on('end', die).resume();

let reports = 0;
const context: HandlerContext = {
  instance: 'virustotal',
  sensor: 'sensor',
  dataDir,
  durable: true,
  signal: new AbortController().signal,
  log: {
    ...silentLog,
    error: (message, details) =>
      appendFileSync(join(folder, 'log'), `${message} ${JSON.stringify(details)}\n`),
  },
  origins: createOrigins([exampleOrigins]),
  state: { get: () => undefined, set: () => undefined },
  now: time.now,
  fetch: globalThis.fetch,
  async report(origin: string, data: unknown) {
    appendFileSync(join(folder, 'reports'), `${JSON.stringify({ origin, data })}\n`);
    reports += 1;
    if (reports === task.killAtReport) die();
  },
};

const handler = createVirusTotal(
  {
    apiKey: task.key,
    url: task.url,
    upload: true,
    comment: 'caught by a honeypot',
    sampleFolders: [join(folder, 'binaries')],
    backlog: task.backlog,
  },
  {
    createAlarm: time.createAlarm,
    random: createRandom(seed + task.life),
    longestSleep: Number.POSITIVE_INFINITY,
  },
);
await handler.start?.(context);
let deliveries = 0;
for (let index = acknowledged.get(); index < plan.downloads.length; index += 1) {
  const download = plan.downloads[index];
  const file = download && plan.files[download.file];
  if (download === undefined || file === undefined) continue;
  await time.runUntil(download.at);
  const incident = createIncident({
    id: `sensor:${index + 1}`,
    origin: 'dionaea.download.complete.unique',
    timestamp: download.at,
    sensor: 'sensor',
    data: { file: join(folder, 'binaries', file.md5), url: '', md5hash: file.md5 },
    local: true,
  });
  await handler.write([incident], {}, context);
  deliveries += 1;
  if (deliveries === task.killAtDelivery) die();
  acknowledged.set(index + 1);
}
await time.runUntil((plan.downloads.at(-1)?.at ?? 0) + task.after);
const counters = handler.counters?.();
await handler.close?.();
process.stdin.destroy();
process.stdout.write(JSON.stringify(counters));
