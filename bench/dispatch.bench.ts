import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDispatcher,
  createIncident,
  createMemoryJournal,
  defineHandler,
  type Handler,
  type Incident,
} from '@ihandler/core';
import { exampleOrigins } from '@ihandler/testkit';

let calls = 0;
const COUNT = 1_000_000;
const REPORT = 1000;
const origins = [
  'dionaea.connection.tcp.accept',
  'dionaea.modules.python.smb.dcerpc.bind',
  'dionaea.modules.python.smb.dcerpc.request',
  'dionaea.download.offer',
  'dionaea.connection.link',
  'dionaea.connection.free',
];
const connection = {
  id: 'c',
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '192.0.2.1', port: 445 },
  remote: { host: '198.51.100.7', port: 40000, hostname: '' },
};
const datas: Record<string, Incident['data']> = {
  'dionaea.modules.python.smb.dcerpc.bind': { uuid: 'u', transfersyntax: 't', connection },
  'dionaea.modules.python.smb.dcerpc.request': { uuid: 'u', opnum: 1, connection },
  'dionaea.download.offer': { url: 'http://198.51.100.7/a', connection },
  'dionaea.connection.link': { parent: connection, child: connection },
};

/** A batch that was just created, as by a source: it is in the caches of the processor. */
function batchOf(stream: string, batch: number): Incident[] {
  return Array.from({ length: REPORT }, (_, i) => {
    const ordinal = batch * REPORT + i + 1;
    const origin = origins[ordinal % origins.length] ?? 'dionaea.connection.free';
    const data = datas[origin] ?? { connection };
    return createIncident({ id: `${stream}:${ordinal}`, origin, timestamp: ordinal, sensor: 's', data });
  });
}

type Listen = (incident: Incident) => void;

/** The limit: calls the listener in a loop and does nothing else. */
function bare(stream: string, listener: Listen): number {
  let took = 0;
  for (let n = 0; n < COUNT / REPORT; n += 1) {
    const batch = batchOf(stream, n);
    const began = performance.now();
    for (const incident of batch) listener(incident);
    took += performance.now() - began;
  }
  return took;
}

async function dispatched(stream: string, listener: Listen, dataDir: string): Promise<number> {
  const others = Array.from(
    { length: 9 },
    (_, i): Handler =>
      defineHandler({ name: `other-${i}`, on: { 'dionaea.modules.python.sip.*': () => {} } }),
  );
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: createMemoryJournal(),
    handlers: [defineHandler({ name: 'counts', on: { 'dionaea.*': listener } }), ...others].map(
      (handler) => ({ handler }),
    ),
    sensor: 's',
    dataDir,
  });
  await dispatcher.start();
  let took = 0;
  for (let n = 0; n < COUNT / REPORT; n += 1) {
    const batch = batchOf(stream, n);
    const began = performance.now();
    const expected = calls + REPORT;
    await dispatcher.report(batch);
    for (let waits = 0; calls < expected; waits += 1)
      await (waits % 100 === 99 ? new Promise(setImmediate) : undefined);
    took += performance.now() - began;
  }
  await dispatcher.close();
  return took;
}

const dataDir = mkdtempSync(join(tmpdir(), 'ihandler-bench-'));
const ratios: number[] = [];
const figures: string[] = [];
// Listeners that only count, each with its own code: as in a program, the call sites are polymorphic.
const listeners: Listen[] = [
  () => {
    calls += 1;
  },
  (incident) => {
    if (incident !== undefined) calls += 1;
  },
  (_incident) => {
    calls = calls + 1;
  },
  () => {
    calls++;
  },
  (incident) => {
    calls += incident === undefined ? 0 : 1;
  },
];
for (const listener of listeners) bare('warm-up', listener);
calls = 0;
for (const [round, listener] of listeners.entries()) {
  const limit = bare(`bare${round}`, listener);
  const ours = await dispatched(`ours${round}`, listener, dataDir);
  ratios.push(limit / ours);
  figures.push(`${((limit / COUNT) * 1e6).toFixed(1)} / ${((ours / COUNT) * 1e6).toFixed(1)}`);
}
rmSync(dataDir, { recursive: true, force: true });
if (calls !== 2 * listeners.length * COUNT)
  throw new Error(`expected ${2 * listeners.length * COUNT} calls, counted ${calls}`);
ratios.sort((a, b) => a - b);
console.log(`report (1,000 at a time) to the return of a no-op listener, ten handlers of which one matches`);
console.log(`  ns per incident, bare call loop / dispatcher: ${figures.join(', ')}`);
console.log(
  `  median ratio to the bare call loop: ${ratios[ratios.length >> 1]?.toFixed(2)} (goal: at least 0.1)`,
);
