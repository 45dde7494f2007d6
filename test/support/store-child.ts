// Runs a store and a listener on a journal in a folder (first argument). Samples are in another folder (second argument), one for
// each line of standard input, which has an ordinal and a file. With a token of a local sensor (third argument) and one of a remote
// sensor (fourth argument) it prints the port of dionaea-http, otherwise the accepted ordinals.
import { appendFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createDispatcher, createIncident, defineHandler, silentLog } from '@ihandler/core';
import dionaeaHttp from '@ihandler/dionaea/http';
import journalSqlite from '@ihandler/journal-sqlite';
import store from '@ihandler/store';
import { exampleOrigins } from '@ihandler/testkit';

const [, , dataDir = '', binaries = '', local, remote] = process.argv;
const listener = defineHandler({
  name: 'listener',
  on: {
    'ihandler.sample.stored': ({ id, data }) =>
      appendFileSync(join(dataDir, 'told'), `${id} ${data.sha256}\n`),
  },
});
const dispatcher = createDispatcher({
  origins: [exampleOrigins],
  journal: journalSqlite({ file: join(dataDir, 'journal.sqlite'), minFree: '1MB' }),
  handlers: [{ handler: store({ sampleFolders: [binaries] }) }, { handler: listener }],
  sensor: 'pot',
  dataDir,
  log: () => ({
    ...silentLog,
    info(text, details = {}) {
      if (text === 'listening for posts') writeSync(1, `port ${String(details['port'])}\n`);
    },
  }),
});
await dispatcher.start();

/** Accepts posts until standard input ends, then prints the counters of the store. */
async function listen(here: string, elsewhere: string): Promise<void> {
  const source = dionaeaHttp({
    port: 0,
    sensors: [
      { sensor: 'here', token: here, local: true },
      { sensor: 'elsewhere', token: elsewhere },
    ],
    paths: { '/opt/dionaea': binaries },
  });
  const end = new AbortController();
  const running = dispatcher.run(source, { signal: end.signal });
  for await (const line of createInterface({ input: process.stdin })) if (line === 'end') break;
  end.abort();
  await running;
  await dispatcher.drain();
  writeSync(1, `${JSON.stringify(dispatcher.status()[0])}\n`);
  await dispatcher.close();
}

/** Reports the requested incidents. Ordinals rise within the stream. */
async function take(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const [ordinal, file = ''] = line.split(' ');
    const data = { file, md5hash: '', url: 'http://198.51.100.7/x' };
    const parts = { id: `s:${ordinal}`, timestamp: Number(ordinal), sensor: 'pot', data, local: true };
    await dispatcher.report([createIncident({ ...parts, origin: 'dionaea.download.complete.unique' })]);
    writeSync(1, `${ordinal}\n`);
  }
  await dispatcher.drain();
  await dispatcher.close();
}

if (local !== undefined && remote !== undefined) await listen(local, remote);
else await take();
// Standard input may still be open.
process.exit();
