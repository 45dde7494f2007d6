import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createIncident,
  encodeIncident,
  type Incident,
  parseIncidentId,
  type UntypedData,
} from '@ihandler/core';
import journalSqlite from '@ihandler/journal-sqlite';
import Database from 'better-sqlite3';
import { median } from './support/median.ts';

const ROUNDS = 5;
/** The numbers of incidents, and the sizes of their batches. */
const plans = [
  { batch: 1, count: 1_000 },
  { batch: 100, count: 40_000 },
  { batch: 1000, count: 100_000 },
] as const;
const recording = new URL('../test/recordings/seed-attack.ndjson', import.meta.url);

/** A connection of the recording as incidents hold it. */
function connectionOf(raw: Record<string, unknown>): UntypedData {
  return JSON.parse(
    JSON.stringify({
      id: raw['id'],
      protocol: raw['protocol'],
      transport: raw['transport'],
      local: { host: raw['local_ip'], port: raw['local_port'] },
      remote: { host: raw['remote_ip'], port: raw['remote_port'], hostname: raw['remote_hostname'] },
    }),
  );
}

const recorded = readFileSync(recording, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => {
    const { timestamp, origin, data } = JSON.parse(line);
    for (const key of ['connection', 'parent', 'child']) if (data[key]) data[key] = connectionOf(data[key]);
    return { timestamp: Date.parse(`${timestamp}Z`), origin, data, sensor: 'dionaea' };
  });

/** The recording repeated, with new ids. */
function batchesOf(count: number, batch: number): Incident[][] {
  return Array.from({ length: count / batch }, (_, b) =>
    Array.from({ length: batch }, (_, i) => {
      const ordinal = b * batch + i + 1;
      const parts = recorded[ordinal % recorded.length];
      if (parts === undefined) throw new Error('the recording is empty');
      return createIncident({ ...parts, id: `5a1c0f6e2b9d4837:${ordinal * 370}` });
    }),
  );
}

/** The limit: the same rows, encoded in advance, with the same index and durability. */
function limit(batches: readonly (readonly Incident[])[], file: string): number {
  const rows = batches.map((batch) =>
    batch.map((incident) => [parseIncidentId(incident.id).ordinal, encodeIncident(incident)] as const),
  );
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(
    'CREATE TABLE entries (position INTEGER PRIMARY KEY, stream INTEGER, ordinal INTEGER, accepted_at INTEGER, body TEXT, UNIQUE (stream, ordinal))',
  );
  const insert = db.prepare('INSERT INTO entries VALUES (?, 1, ?, ?, ?)');
  let position = 0;
  const write = db.transaction((batch: (typeof rows)[number]) => {
    for (const [ordinal, body] of batch) {
      position += 1;
      insert.run(position, ordinal, 1_700_000_000_000, body);
    }
  });
  const began = performance.now();
  for (const batch of rows) write(batch);
  const took = performance.now() - began;
  db.close();
  return took;
}

async function appended(batches: readonly (readonly Incident[])[], file: string): Promise<number> {
  const journal = journalSqlite({ file });
  await journal.open();
  const began = performance.now();
  for (const batch of batches) await journal.append(batch);
  const took = performance.now() - began;
  await journal.close();
  return took;
}

/** Appends each incident by its own call, a batch of calls in each turn of the event loop. */
async function together(batches: readonly (readonly Incident[])[], file: string): Promise<number> {
  const journal = journalSqlite({ file });
  await journal.open();
  const began = performance.now();
  for (const batch of batches) await Promise.all(batch.map((incident) => journal.append([incident])));
  const took = performance.now() - began;
  await journal.close();
  return took;
}

async function reading(file: string, count: number): Promise<number> {
  const journal = journalSqlite({ file });
  await journal.open();
  const began = performance.now();
  for (let at = 0; at < count; at += 1000) await journal.read(at, 1000);
  const took = performance.now() - began;
  await journal.close();
  return took;
}

const rate = (count: number, took: number): string => Math.round((count / took) * 1000).toLocaleString('en');
const folder = mkdtempSync(join(tmpdir(), 'ihandler-bench-'));
for (const { batch, count } of plans) {
  const batches = batchesOf(count, batch);
  const times = {
    limit: [] as number[],
    append: [] as number[],
    together: [] as number[],
    read: [] as number[],
  };
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const file = join(folder, `${batch}-${round}`);
    times.limit.push(limit(batches, `${file}.limit`));
    times.append.push(await appended(batches, file));
    times.together.push(await together(batches, `${file}.together`));
    times.read.push(await reading(file, count));
    bytes = statSync(file).size / count;
  }
  const ratio = median(times.append.map((took, i) => (times.limit[i] ?? 0) / took));
  console.log(`${count.toLocaleString('en')} incidents of a recorded attack, ${batch} per fsync`);
  console.log(`  incidents/s: ${rate(count, median(times.limit))} bare better-sqlite3 (encoded in advance)`);
  console.log(
    `               ${rate(count, median(times.append))} append of ${batch}; median ratio ${ratio.toFixed(2)}`,
  );
  console.log(`               ${rate(count, median(times.together))} append of 1, ${batch} per turn`);
  console.log(`               ${rate(count, median(times.read))} read, 1,000 at a time`);
  console.log(`  bytes per incident on disk: ${Math.round(bytes)}`);
}
rmSync(folder, { recursive: true, force: true });
