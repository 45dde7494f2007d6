import { writeSync } from 'node:fs';
import { createIncident } from '@ihandler/core';
import journalSqlite from '@ihandler/journal-sqlite';

// Appends until it is killed, and prints each acknowledged incident on a line.
const [file = '', stream = '', most = '0'] = process.argv.slice(2);
const limit = Number(most);
const journal = journalSqlite({ file, minFree: '0MB' });
let ordinal = 0;

async function append(): Promise<void> {
  const incidents = Array.from({ length: 1 + (ordinal % 7) }, () => {
    ordinal += 1;
    const id = `${stream}:${ordinal}`;
    return createIncident({
      id,
      origin: 'acme.thing.seen',
      timestamp: ordinal,
      sensor: 'a',
      data: { ordinal },
    });
  });
  const run = await journal.append(incidents);
  for (const { id } of run.incidents) writeSync(1, `${id}\n`);
}

async function acknowledge(): Promise<void> {
  const { last } = journal.bounds();
  const counts = { delivered: last, filtered: 0, dead: 0, dropped: 0, lost: 0 };
  const cursor = { first: 0, position: last, counts, written: { [stream]: ordinal } };
  const report = createIncident({
    id: `${stream}/one/0:${ordinal}`,
    origin: 'acme.thing.reported',
    timestamp: 0,
    sensor: 'a',
    data: {},
  });
  await journal.commit({ instance: 'one', cursor, deadLetters: [], reports: [report] });
  writeSync(1, `cursor ${last}\n${report.id}\n`);
}

await journal.open();
while (limit === 0 || ordinal < limit) await Promise.all([append(), append(), acknowledge()]);
await journal.close();
