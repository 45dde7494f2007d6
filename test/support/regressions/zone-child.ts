// Imports incident.json of a folder into a database and a text log in the current time zone. Prints the times.
import { join } from 'node:path';
import { createDispatcher, createMemoryJournal, defineHandler } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import logSqlite from '@ihandler/log-sqlite';
import logText from '@ihandler/log-text';
import { exampleOrigins } from '@ihandler/testkit';
import Database from 'better-sqlite3';

const folder = process.argv[2] ?? '';
const inFolder = (name: string) => join(folder, name);
const times: number[] = [];
const dispatcher = createDispatcher({
  origins: [exampleOrigins],
  journal: createMemoryJournal(),
  handlers: [
    { handler: logSqlite({ file: inFolder('attacks.sqlite') }) },
    { handler: logText({ file: inFolder('incidents.log') }) },
    { handler: defineHandler({ name: 'times', on: { '*': ({ timestamp }) => void times.push(timestamp) } }) },
  ],
  sensor: 'hive',
  dataDir: inFolder('data'),
});
await dispatcher.start();
await dispatcher.run(dionaea({ file: inFolder('incident.json') }));
await dispatcher.drain();
await dispatcher.close();
const database = new Database(inFolder('attacks.sqlite'), { readonly: true });
const stored = database.prepare('SELECT connection_timestamp FROM connections').pluck().get();
database.close();
const offset = new Date().getTimezoneOffset();
console.log(JSON.stringify({ timestamp: times[0], stored, offset }));
