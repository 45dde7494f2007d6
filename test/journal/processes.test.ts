import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import journalSqlite from '@ihandler/journal-sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleChild } from '../support/bundle-child.ts';
import { readAll } from '../support/journal/journal-samples.ts';

/** Holds the child as one file beside the dependencies of the package, so that Node runs it without a loader. */
const bundle = mkdtempSync(
  fileURLToPath(new URL('../../packages/journal-sqlite/node_modules/.processes-', import.meta.url)),
);
const child = join(bundle, 'appending-child.js');

describe('journal-sqlite with several processes', () => {
  let folder: string;
  let file: string;
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    await bundleChild(
      new URL('../support/journal/appending-child.ts', import.meta.url),
      bundle,
      'better-sqlite3',
    );
  });
  afterAll(() => rmSync(bundle, { recursive: true, force: true }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ihandler-processes-'));
    file = join(folder, 'journal.sqlite');
  });
  afterEach(() => {
    for (const running of children.splice(0)) running.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  function start(stream: string): { readonly process: ChildProcess; readonly lines: AsyncIterable<string> } {
    const process_ = spawn(process.execPath, [child, file, stream], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(process_);
    return { process: process_, lines: createInterface({ input: process_.stdout }) };
  }

  it('has every acknowledged incident exactly once after each of 20 kills', { timeout: 60_000 }, async () => {
    const acknowledged: string[] = [];
    let position = 0;
    for (let run = 0; run < 20; run += 1) {
      const { process: running, lines } = start(`run-${run}`);
      const killAfter = 1 + Math.floor(Math.random() * 300);
      let count = 0;
      for await (const line of lines) {
        count += 1;
        if (count === killAfter) running.kill('SIGKILL');
        // A write of this size reaches the pipe completely or not at all.
        if (line.startsWith('cursor ')) position = Number(line.slice('cursor '.length));
        else acknowledged.push(line);
      }
      expect(count).toBeGreaterThanOrEqual(killAfter);
    }
    const journal = journalSqlite({ file, minFree: '0MB' });
    await journal.open();
    const ids = (await readAll(journal)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const kept = new Set(ids);
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
    expect((await journal.cursor('one'))?.position).toBeGreaterThanOrEqual(position);
    await journal.close();
  });

  it('is busy while another process has it open, names that process, and is free after that process is killed', async () => {
    const { process: holder, lines } = start('holder');
    for await (const _ of lines) {
      expect(() => journalSqlite({ file, minFree: '0MB' }).open()).toThrow(
        expect.objectContaining({
          code: 'JOURNAL_BUSY',
          message: expect.stringContaining(`process ${holder.pid}`),
        }),
      );
      break;
    }
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    const journal = journalSqlite({ file, minFree: '0MB' });
    await journal.open();
    expect((await journal.highest('holder')) ?? 0).toBeGreaterThan(0);
    await journal.close();
  });
});
