import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDispatcher } from '@ihandler/core';
import dionaea from '@ihandler/dionaea';
import journalSqlite from '@ihandler/journal-sqlite';
import logSqlite from '@ihandler/log-sqlite';
import { exampleOrigins } from '@ihandler/testkit';
import { INCIDENTS_AN_ATTACK, writeRecording } from '../test/support/recorded-attacks.ts';
import { insertRaw, rowsOf, schemaOf } from './support/raw-inserts.ts';

const ATTACKS = 10_000;
const ROUNDS = 5;
const INCIDENTS = ATTACKS * INCIDENTS_AN_ATTACK;

/** From a file through the durable journal into a database, until all incidents are handled and everything is closed. */
async function bring(recording: string, folder: string, file: string): Promise<number> {
  const began = performance.now();
  const dispatcher = createDispatcher({
    origins: [exampleOrigins],
    journal: journalSqlite({ file: join(folder, 'journal.sqlite') }),
    handlers: [{ handler: logSqlite({ file }) }],
    sensor: 'bench',
    dataDir: folder,
  });
  await dispatcher.start();
  await dispatcher.run(dionaea({ file: recording }));
  const left = await dispatcher.drain();
  if (left.length > 0) throw new Error(JSON.stringify(left));
  await dispatcher.close();
  return performance.now() - began;
}

const folder = mkdtempSync(join(tmpdir(), 'ihandler-bench-'));
try {
  const recording = join(folder, 'recording.ndjson');
  await writeRecording(recording, ATTACKS);
  console.log(
    `${INCIDENTS} incidents (${(statSync(recording).size / 1e6).toFixed(0)} MB of log_incident JSON) from a file through journal-sqlite into log-sqlite, one thread`,
  );
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const home = mkdtempSync(join(folder, 'round-'));
    const file = join(home, 'attacks.sqlite');
    const ours = await bring(recording, home, file);
    const limit = insertRaw(rowsOf(file), schemaOf(file), join(home, 'raw.sqlite'), {
      transactions: Math.ceil(INCIDENTS / 1000),
      synchronous: 'NORMAL', // the same as the handler with a durable journal
    });
    ratios.push(limit / ours);
    console.log(
      `  ours ${(ours / 1000).toFixed(2)} s (${Math.round(INCIDENTS / (ours / 1000))} incidents/s), raw inserts of the same rows ${(limit / 1000).toFixed(2)} s, ratio ${(limit / ours).toFixed(2)}`,
    );
    rmSync(home, { recursive: true });
  }
  ratios.sort((a, b) => a - b);
  console.log(
    `  median ratio to raw better-sqlite3: ${ratios[ROUNDS >> 1]?.toFixed(2)} (goal: at least 0.3); load average ${loadavg()[0]?.toFixed(1)}`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
