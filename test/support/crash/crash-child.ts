// Runs sources, journal and handlers in the folder of its argument until it is killed, or until standard input has the key of the
// last line of the file: then it finishes. Prints its port.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createDispatcher, type Log, type Source, silentLog } from '@ihandler/core';
import dionaeaFollow from '@ihandler/dionaea/follow';
import dionaeaHttp from '@ihandler/dionaea/http';
import http from '@ihandler/http';
import journalSqlite from '@ihandler/journal-sqlite';
import logText from '@ihandler/log-text';
import { exampleOrigins } from '@ihandler/testkit';
import { idKeeper, rowKeeper, teller, troubledKeeper } from './crash-handlers.ts';
import type { Trouble } from './crash-plan.ts';

/** The orders of the driver for the child. */
export interface ChildOrders {
  readonly folder: string;
  readonly port: 'http' | 'dionaea-http';
  readonly trouble: Trouble;
  /** Whether incidents that failed permanently now succeed. */
  readonly repaired: boolean;
}

// Safe: the driver wrote it.
const orders = JSON.parse(process.argv[2] ?? '{}') as ChildOrders;
const { folder, trouble, repaired } = orders;
const inFolder = (name: string) => join(folder, name);
const now = () => Date.now() + trouble.clock;

function portTold(name?: string): Log {
  if (name !== 'http' && name !== 'dionaea-http') return silentLog;
  return {
    ...silentLog,
    info(_message, details) {
      if (details?.['port'] !== undefined) writeSync(1, `${String(details['port'])}\n`);
    },
  };
}

const dispatcher = createDispatcher({
  origins: [exampleOrigins],
  journal: journalSqlite({
    file: inFolder('journal.sqlite'),
    minFree: '1MB',
    now,
    freeBytes: () => (trouble.full ? 0 : 2 ** 40),
  }),
  handlers: [
    { handler: rowKeeper(inFolder('rows.sqlite'), trouble) },
    { handler: idKeeper('ids', ['*'], inFolder('ids.txt')) },
    { handler: troubledKeeper(inFolder('troubled.txt'), trouble, repaired) },
    { handler: logText({ file: inFolder('lines.txt'), template: '{id}' }) },
    { handler: teller() },
  ],
  sensor: 'hive',
  dataDir: inFolder('data'),
  log: portTold,
  now,
  retry: { base: 1, cap: 5, attempts: 2 },
  // The process must end here without acknowledging anything more.
  onJournalFailed: () => process.exit(3),
});

/** Waits until a line of the file has reached a handler, in this life or an earlier one. */
async function arrived(key: string): Promise<void> {
  while (!readFileSync(inFolder('ids.txt'), 'latin1').includes(` ${key}\n`)) await wait(5);
}

async function finish(key: string): Promise<void> {
  await arrived(key);
  await dispatcher.drain();
  if (repaired)
    for (const { instance, counts } of dispatcher.status())
      if (counts.dead > 0) await dispatcher.retryDeadLetters(instance);
  const left = await dispatcher.drain();
  if (left.length > 0) throw new Error(`not finished: ${JSON.stringify(left)}`);
  await dispatcher.close();
  process.exit(0);
}

closeSync(openSync(inFolder('ids.txt'), 'a'));
process.stdin.once('data', (key) => void finish(String(key).trim()));
await dispatcher.start();
const port: Source = orders.port === 'http' ? http({ port: 0 }) : dionaeaHttp({ port: 0 });
await Promise.all([
  dispatcher.run(port),
  dispatcher.run(dionaeaFollow({ file: inFolder('incident.json'), poll: '5ms' })),
]);
