import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  createDispatcher,
  createIncident,
  createMemoryJournal,
  defineHandler,
  type Handler,
  type Incident,
} from '@ihandler/core';
import { createHost, loadConfiguration } from '@ihandler/host';
import { exampleOrigins } from '@ihandler/testkit';
import { median } from './support/median.ts';

const COUNT = 100_000;
const REPORT = 1000;
const ROUNDS = 5;

/** A batch as a source makes it: each incident is data of its own. */
function batchOf(stream: string, batch: number): Incident[] {
  return Array.from({ length: REPORT }, (_, i) => {
    const ordinal = batch * REPORT + i + 1;
    const connection = {
      id: `c${ordinal}`,
      protocol: 'smbd',
      transport: 'tcp',
      local: { host: '192.0.2.1', port: 445 },
      remote: { host: '198.51.100.7', port: 40000, hostname: '' },
    };
    const data = { url: `http://198.51.100.7/${ordinal}`, connection };
    const parts = { id: `${stream}:${ordinal}`, timestamp: ordinal, sensor: 's', data };
    return createIncident({ ...parts, origin: 'dionaea.download.offer' });
  });
}

/** The limit: a thread made by hand that gets the same batches and acknowledges each. Microseconds per incident. */
async function byHand(stream: string): Promise<number> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     let count = 0;
     parentPort.on('message', (batch) => { for (const incident of batch) if (incident.data) count += 1; parentPort.postMessage(count); });`,
    { eval: true },
  );
  let took = 0;
  for (let n = 0; n < COUNT / REPORT; n += 1) {
    const batch = batchOf(stream, n);
    const began = performance.now();
    const acknowledged = new Promise((resolve) => worker.once('message', resolve));
    worker.postMessage(batch);
    await acknowledged;
    took += performance.now() - began;
  }
  await worker.terminate();
  return (took / COUNT) * 1000;
}

/** The same through a dispatcher. Microseconds per incident. */
async function dispatched(stream: string, handler: Handler, dataDir: string): Promise<number> {
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [{ handler }],
    sensor: 's',
    dataDir,
  });
  await dispatcher.start();
  let took = 0;
  for (let n = 0; n < COUNT / REPORT; n += 1) {
    const batch = batchOf(stream, n);
    const began = performance.now();
    await dispatcher.report(batch);
    await dispatcher.drain({ stalledAfter: 60_000 });
    took += performance.now() - began;
  }
  const [status] = dispatcher.status();
  if (status?.counts.delivered !== COUNT)
    throw new Error(`expected ${COUNT} deliveries, counted ${status?.counts.delivered}`);
  await dispatcher.close();
  return (took / COUNT) * 1000;
}

const folder = mkdtempSync(join(tmpdir(), 'ihandler-bench-'));
const code = {
  listens: `let count = 0; export default () => ({ name: 'listens', on: { 'dionaea.*': ({ data }) => { if (data) count += 1; } } });`,
  writes: `let count = 0; export default () => ({ name: 'writes', accepts: ['dionaea.*'], write(batch) { for (const { data } of batch) if (data) count += 1; } });`,
};
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
writeFileSync(join(folder, 'ihandler.yaml'), 'sensor: s\n');
for (const [name, text] of Object.entries(code)) writeFileSync(join(folder, `${name}.js`), text);
const world = { cwd: folder, env: {} };
const host = createHost(await loadConfiguration(join(folder, 'ihandler.yaml'), world), world);
const isolated = async (name: string) =>
  (await host.loadHandler({ name: join(folder, `${name}.js`), isolate: true })).handler;
let count = 0;
const inMain = defineHandler({
  name: 'in-main',
  on: {
    'dionaea.*': ({ data }) => {
      if (data) count += 1;
    },
  },
});

const figures = {
  byHand: [] as number[],
  listens: [] as number[],
  writes: [] as number[],
  inMain: [] as number[],
};
for (let round = 0; round < ROUNDS; round += 1) {
  figures.byHand.push(await byHand(`hand${round}`));
  figures.listens.push(await dispatched(`l${round}`, await isolated('listens'), folder));
  figures.writes.push(await dispatched(`w${round}`, await isolated('writes'), folder));
  figures.inMain.push(await dispatched(`m${round}`, inMain, folder));
}
rmSync(folder, { recursive: true, force: true });
if (count !== ROUNDS * COUNT) throw new Error(`expected ${ROUNDS * COUNT} calls, counted ${count}`);
const ratio = (own: readonly number[]) =>
  median(own.map((each, round) => (figures.byHand[round] ?? Number.NaN) / each)).toFixed(2);
const cost = (own: readonly number[]) => median(own).toFixed(2);
console.log('batches of 1,000 to a thread and their acknowledgement; µs per incident');
console.log(`  a worker thread by hand (postMessage of the incidents): ${cost(figures.byHand)}`);
console.log(
  `  isolated handler that listens: ${cost(figures.listens)}, ratio to the thread by hand ${ratio(figures.listens)}`,
);
console.log(
  `  isolated handler that writes: ${cost(figures.writes)}, ratio to the thread by hand ${ratio(figures.writes)}`,
);
console.log(`  handler that listens in the main thread: ${cost(figures.inMain)}`);
