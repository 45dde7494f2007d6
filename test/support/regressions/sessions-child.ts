// Reports sessions that never close, or links whose ends never arrive, to a host with a durable journal and log-sqlite. Prints the
// growth of the heap from the first tenth to the end, in bytes, and the number of pending links.
import { join } from 'node:path';
import { createDispatcher, createIncident, type Incident } from '@ihandler/core';
import journalSqlite from '@ihandler/journal-sqlite';
import logSqlite from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import Database from 'better-sqlite3';

const [, , kind = '', count = '', folder = ''] = process.argv;
const sessions = Number(count);
const BATCH = 1000;

const connection = (id: string) => ({
  id,
  protocol: 'smbd',
  transport: 'tcp',
  local: { host: '192.0.2.1', port: 445 },
  remote: { host: '198.51.100.7', port: 40_000, hostname: '' },
});

function incidentOf(n: number): Incident {
  const parts = { id: `s:${n + 1}`, timestamp: n, sensor: 'hive' };
  return kind === 'open'
    ? createIncident({
        ...parts,
        origin: 'dionaea.connection.tcp.accept',
        data: { connection: connection(`c-${n}`) },
      })
    : createIncident({
        ...parts,
        origin: 'dionaea.connection.link',
        data: { parent: connection(`p-${n}`), child: connection(`c-${n}`) },
      });
}

const attacks = join(folder, 'attacks.sqlite');
const dispatcher = createDispatcher({
  origins: [exampleOrigins],
  journal: journalSqlite({ file: join(folder, 'journal.sqlite'), minFree: '1MB' }),
  handlers: [{ handler: logSqlite({ file: attacks }) }],
  sensor: 'hive',
  dataDir: join(folder, 'data'),
});
await dispatcher.start();

function heap(): number {
  global.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

let early = 0;
for (let done = 0; done < sessions; done += BATCH) {
  await dispatcher.report(Array.from({ length: BATCH }, (_, n) => incidentOf(done + n)));
  // Stay at most two batches ahead of the handler: pending incidents are read from the journal.
  if (done % (10 * BATCH) === 0) await dispatcher.drain();
  if (done === sessions / 10) early = heap();
}
const left = await dispatcher.drain();
if (left.length > 0) throw new Error(JSON.stringify(left));
const late = heap();
await dispatcher.close();
const database = new Database(attacks, { readonly: true });
const waiting = database.prepare('SELECT count(*) FROM ihandler_waiting').pluck().get();
database.close();
console.log(JSON.stringify({ heap: late, grown: late - early, waiting }));
