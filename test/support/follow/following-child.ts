// Follows a file (first argument) with a journal (second argument) until it is killed. Prints the highest line number that is
// durable.
import { writeSync } from 'node:fs';
import { silentLog } from '@ihandler/core';
import dionaeaFollow from '@ihandler/dionaea/follow';
import journalSqlite from '@ihandler/journal-sqlite';

const [, , file = '', path = ''] = process.argv;
const journal = journalSqlite({ file: path });
const source = dionaeaFollow({ file, poll: '20ms' });
const tell = (message: string) => process.stderr.write(`${message}\n`);

await journal.open();
await source.run({
  instance: source.name,
  sensor: 'hive',
  signal: new AbortController().signal,
  log: { ...silentLog, error: tell },
  now: Date.now,
  state: () => journal.sourceState(source.name),
  resumeAfter: (stream) => journal.highest(stream),
  async report(batch, { state } = {}) {
    await journal.append(batch, state === undefined ? undefined : { source: source.name, state });
    const last = batch.at(-1)?.data['url'];
    if (typeof last === 'string') writeSync(1, `${last.slice(last.lastIndexOf('/') + 1)}\n`);
  },
  async reject({ reason }) {
    tell(reason);
  },
  progress: () => undefined,
});
