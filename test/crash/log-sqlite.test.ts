import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleChild } from '../support/bundle-child.ts';

/** Holds the child as one file beside the dependencies of the package, so that Node runs it without a loader. */
const bundle = mkdtempSync(
  fileURLToPath(new URL('../../packages/log-sqlite/node_modules/.kill-', import.meta.url)),
);
const folder = mkdtempSync(join(tmpdir(), 'ihandler-kill-'));

beforeAll(async () => {
  await bundleChild(new URL('../support/crash/writing-child.ts', import.meta.url), bundle, 'better-sqlite3');
});
afterAll(() => {
  for (const path of [bundle, folder]) rmSync(path, { recursive: true, force: true });
});

/** Runs the child until it has printed a number of lines, kills it, and returns the last ordinal that it printed. */
async function writeAndKill(file: string, stream: string, lines: number): Promise<number> {
  const child = spawn(process.execPath, [join(bundle, 'writing-child.js'), file, stream], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = 0;
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line);
    said += 1;
    if (said === lines) child.kill('SIGKILL');
  }
  return last;
}

it('log-sqlite has complete batches, every acknowledged one, and a checkpoint that matches its rows after each kill', {
  timeout: 60_000,
}, async () => {
  const file = join(folder, 'attacks.sqlite');
  for (let run = 0; run < 12; run += 1) {
    const acknowledged = await writeAndKill(file, `run-${run}`, 1 + Math.floor(Math.random() * 200));
    const database = new Database(file);
    const one = (sql: string, ...values: unknown[]) =>
      Number(
        database
          .prepare(sql)
          .pluck()
          .get(...values),
      );
    expect(database.pragma('quick_check', { simple: true })).toBe('ok');
    const ordinal = one('SELECT ordinal FROM ihandler_checkpoints WHERE stream = ?', `run-${run}`);
    const mine = "FROM ihandler_connections WHERE connection_id LIKE ? || '-%'";
    expect(ordinal).toBeGreaterThanOrEqual(acknowledged);
    expect(ordinal % 20).toBe(0);
    expect(one(`SELECT count(*) ${mine}`, `run-${run}`)).toBe(ordinal / 2);
    expect(
      one(
        `SELECT count(DISTINCT offer_url) FROM offers WHERE connection IN (SELECT connection ${mine})`,
        `run-${run}`,
      ),
    ).toBe(ordinal / 2);
    database.close();
  }
});
