import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDispatcher, createMemoryJournal } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import logSqlite from '@ihandler/log-sqlite';
import Database from 'better-sqlite3';
import { INCIDENTS_AN_ATTACK, writeRecording } from './recorded-attacks.ts';

const ATTACKS = 20_000;
const ROUNDS = 5;
const INCIDENTS = ATTACKS * INCIDENTS_AN_ATTACK;

/** What a user does: a recording into an empty database. */
async function importInto(recording: string, file: string, dataDir: string): Promise<void> {
  const dispatcher = createDispatcher({
    journal: createMemoryJournal(),
    handlers: [{ handler: logSqlite({ file }) }],
    sensor: 'bench',
    dataDir,
  });
  await dispatcher.start();
  await dispatcher.run(dionaea({ file: recording }));
  await dispatcher.drain();
  await dispatcher.close();
}

interface Rows {
  readonly sql: string;
  readonly rows: readonly unknown[][];
}

/** Every row of every table that the import filled, in order of its key. */
function rowsOf(file: string): readonly Rows[] {
  const database = new Database(file, { readonly: true });
  const tables = database
    .prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'dcerpcservice%' AND name <> 'mysql_command_ops'",
    )
    .pluck()
    .all() as string[];
  const result = tables.map((table) => {
    const rows = database.prepare(`SELECT * FROM ${table}`).raw().all() as unknown[][];
    return { sql: `INSERT INTO ${table} VALUES (${(rows[0] ?? []).map(() => '?')})`, rows };
  });
  database.close();
  return result.filter(({ rows }) => rows.length > 0);
}

/** The schema of the imported database, with every index and trigger. */
function schemaOf(file: string): string {
  const database = new Database(file, { readonly: true });
  const statements = database
    .prepare("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all();
  database.close();
  return statements.join(';\n');
}

/** The limit: the same rows, with roots and parents as they end up, into the same tables with the same indexes. */
function insertRaw(tables: readonly Rows[], schema: string, file: string): number {
  const began = performance.now();
  const database = new Database(file);
  database.pragma('auto_vacuum = INCREMENTAL');
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL'); // as the handler, without a durable journal
  database.pragma('cache_size = -65536');
  database.exec(schema);
  const inserts = tables.map(({ sql, rows }) => ({ statement: database.prepare(sql), rows }));
  const transactions = Math.ceil(INCIDENTS / 1000);
  const insert = database.transaction((part: number) => {
    for (const { statement, rows } of inserts) {
      const end = Math.floor((rows.length * (part + 1)) / transactions);
      for (let i = Math.floor((rows.length * part) / transactions); i < end; i += 1) statement.run(rows[i]);
    }
  });
  for (let part = 0; part < transactions; part += 1) insert(part);
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  return performance.now() - began;
}

function peakMemory(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1]) / 1024;
}

async function compare(folder: string): Promise<void> {
  const recording = join(folder, 'recording.ndjson');
  await writeRecording(recording, ATTACKS);
  const megabytes = statSync(recording).size / 1e6;
  const figures: { ours: number; limit: number }[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const file = join(folder, `ours-${round}.sqlite`);
    const began = performance.now();
    await importInto(recording, file, folder);
    const ours = performance.now() - began;
    const limit = insertRaw(rowsOf(file), schemaOf(file), join(folder, `raw-${round}.sqlite`));
    figures.push({ ours, limit });
  }
  const ratios = figures.map(({ ours, limit }) => limit / ours).sort((a, b) => a - b);
  console.log(
    `${INCIDENTS} incidents (${megabytes.toFixed(0)} MB of log_incident JSON) into log-sqlite on disk, one thread`,
  );
  for (const { ours, limit } of figures)
    console.log(
      `  import ${(ours / 1000).toFixed(2)} s (${Math.round(INCIDENTS / (ours / 1000))} incidents/s), raw inserts of the same rows ${(limit / 1000).toFixed(2)} s, ratio ${(limit / ours).toFixed(2)}`,
    );
  console.log(
    `  median ratio to raw better-sqlite3: ${ratios[ROUNDS >> 1]?.toFixed(2)} (goal: at least 0.4); the limit writes roots and parents with the rows, without updates`,
  );
}

function memory(folder: string): void {
  const peaks = [ATTACKS, ATTACKS * 10].map((attacks) => {
    const child = spawnSync(process.execPath, [process.argv[1] ?? '', 'memory', String(attacks), folder], {
      encoding: 'utf8',
    });
    if (child.status !== 0) throw new Error(child.stderr);
    return Number(child.stdout.trim());
  });
  const [small = 0, large = 0] = peaks;
  console.log(
    `peak memory of an import: ${small.toFixed(0)} MB with ${INCIDENTS} incidents, ${large.toFixed(0)} MB with ${INCIDENTS * 10} (${((large / small - 1) * 100).toFixed(0)} % more; goals: within 20 %, under 300 MB)`,
  );
}

const [task, attacks, given] = process.argv.slice(2);
if (task === 'memory' && given !== undefined) {
  await importInto(join(given, `memory-${attacks}.ndjson`), join(given, `memory-${attacks}.sqlite`), given);
  console.log(peakMemory());
} else {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-bench-'));
  try {
    await compare(folder);
    for (const count of [ATTACKS, ATTACKS * 10])
      await writeRecording(join(folder, `memory-${count}.ndjson`), count);
    memory(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
