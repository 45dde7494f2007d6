// Runs a store, and somebody who listens to it, on a journal in the folder named first; samples lie in the folder named
// second, one for each line of standard input that names an ordinal and a file. Says the port of dionaea-http when a third
// argument names the token of a sensor of this machine and a fourth that of one elsewhere; else the ordinals it has accepted.
import { appendFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createDispatcher, createIncident, defineHandler, silentLog } from '@ihandler/core';
import dionaeaHttp from '@ihandler/dionaea/http';
import journalSqlite from '@ihandler/journal-sqlite';
import store from '@ihandler/store';

const [, , dataDir = '', binaries = '', local, remote] = process.argv;
const listener = defineHandler({
  name: 'listener',
  on: {
    'ihandler.sample.stored': ({ id, data }) =>
      appendFileSync(join(dataDir, 'told'), `${id} ${data.sha256}\n`),
  },
});
const dispatcher = createDispatcher({
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

/** Takes posts until it is told to end; then says what the store counted. */
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

/** Reports what it is told to; the ordinals rise within the stream. */
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
