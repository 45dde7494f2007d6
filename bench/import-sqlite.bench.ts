import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDispatcher, createMemoryJournal } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import logSqlite from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import { INCIDENTS_AN_ATTACK, writeRecording } from '../test/support/recorded-attacks.ts';
import { insertRaw, rowsOf, schemaOf } from './support/raw-inserts.ts';

const ATTACKS = 20_000;
const ROUNDS = 5;
const INCIDENTS = ATTACKS * INCIDENTS_AN_ATTACK;

/** Imports a recording into an empty database. */
async function importInto(recording: string, file: string, dataDir: string): Promise<void> {
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
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
    const limit = insertRaw(rowsOf(file), schemaOf(file), join(folder, `raw-${round}.sqlite`), {
      transactions: Math.ceil(INCIDENTS / 1000),
      synchronous: 'FULL', // the same as the handler without a durable journal
    });
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
