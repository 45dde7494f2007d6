import { writeSync } from 'node:fs';
import { createIncident, isIhandlerError } from '@ihandler/core';
import journalSqlite from '@ihandler/journal-sqlite';

// Appends until an append fails, prints the acknowledged incidents, and then the results of all later calls.
const [file = ''] = process.argv.slice(2);
const journal = journalSqlite({ file, minFree: '0MB' });
const cursor = {
  first: 0,
  position: 0,
  counts: { delivered: 0, filtered: 0, dead: 0, dropped: 0, lost: 0 },
  written: {},
};

function incident(ordinal: number) {
  const id = `s:${ordinal}`;
  return createIncident({
    id,
    origin: 'acme.thing',
    timestamp: 1,
    sensor: 'a',
    data: { x: 'y'.repeat(2000) },
  });
}

async function answerOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'taken';
  } catch (error) {
    return isIhandlerError(error) ? `${error.code} ${'retryAfter' in error}` : String(error);
  }
}

await journal.open();
let ordinal = 0;
let answer = 'taken';
while (answer === 'taken' && ordinal < 50_000) {
  ordinal += 1;
  answer = await answerOf(() => journal.append([incident(ordinal)]));
  if (answer === 'taken') writeSync(1, `s:${ordinal}\n`);
}
writeSync(1, `append ${answer}\n`);
const later: Readonly<Record<string, () => unknown>> = {
  append: () => journal.append([incident(ordinal)]),
  commit: () => journal.commit({ instance: 'one', cursor, deadLetters: [], reports: [] }),
  read: () => journal.read(0, 1),
};
for (const [name, call] of Object.entries(later)) writeSync(1, `${name} ${await answerOf(call)}\n`);
await journal.close();
writeSync(1, 'closed\n');
