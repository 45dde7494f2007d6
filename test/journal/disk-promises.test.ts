import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import journalSqlite from '@ihandler/journal-sqlite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findService } from '../../scripts/services.mjs';
import { bundleChild } from '../support/bundle-child.ts';
import { readAll } from '../support/journal/journal-samples.ts';
import { describeService } from '../support/servers/available.ts';

const bundle = mkdtempSync(
  fileURLToPath(new URL('../../packages/journal-sqlite/node_modules/.promises-', import.meta.url)),
);

describe('journal-sqlite on a real disk', () => {
  let folder: string;
  let file: string;
  beforeAll(async () => {
    for (const child of ['appending-child', 'failing-child'])
      await bundleChild(new URL(`../support/journal/${child}.ts`, import.meta.url), bundle, 'better-sqlite3');
  });
  afterAll(() => rmSync(bundle, { recursive: true, force: true }));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ihandler-promises-'));
    file = join(folder, 'journal.sqlite');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  describeService('strace', () => {
    it('syncs the log to disk between every write and its acknowledgement', {
      timeout: 60_000,
    }, () => {
      const trace = join(folder, 'trace');
      const ran = spawnSync('strace', [
        ...['-f', '-y', '-e', 'trace=pwrite64,fsync,fdatasync,write', '-o', trace],
        ...[process.execPath, join(bundle, 'appending-child.js'), file, 'traced', '200'],
      ]);
      expect(ran.status).toBe(0);
      let unsynced = false;
      let acknowledgements = 0;
      for (const line of readFileSync(trace, 'latin1').split('\n')) {
        if (/pwrite64\(\d+<[^>]*-wal>/.test(line)) unsynced = true;
        else if (/f(data)?sync\(\d+<[^>]*-wal>/.test(line)) unsynced = false;
        else if (/write\(1<[^>]*>, "traced:/.test(line)) {
          acknowledgements += 1;
          expect(unsynced).toBe(false);
        }
      }
      expect(acknowledgements).toBeGreaterThanOrEqual(200);
    });
  });

  /** The output of the child. Calls `once` after its first output. */
  async function outputOf(
    command: readonly string[],
    env: NodeJS.ProcessEnv,
    once: () => void,
  ): Promise<readonly string[]> {
    const [program = '', ...args] = command;
    const child = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) if (lines.push(line) === 40) once();
    return lines;
  }

  async function idsIn(): Promise<readonly string[]> {
    const journal = journalSqlite({ file, minFree: '0MB' });
    await journal.open();
    expect(journal.damage).toBeUndefined();
    const ids = (await readAll(journal)).map(({ id }) => id);
    await journal.close();
    return ids;
  }

  describeService('cc', () => {
    it('accepts nothing after an fsync fails, and still has everything that it acknowledged before', {
      timeout: 60_000,
    }, async () => {
      const shim = join(folder, 'failing-fsync.so');
      const source = fileURLToPath(new URL('../support/journal/failing-fsync.c', import.meta.url));
      const compiled = spawnSync(findService('cc') ?? 'cc', ['-shared', '-fPIC', '-O1', '-o', shim, source]);
      expect(String(compiled.stderr)).toBe('');
      const trigger = join(folder, 'broken');
      const lines = await outputOf(
        [process.execPath, join(bundle, 'failing-child.js'), file],
        { LD_PRELOAD: shim, FSYNC_FAILS_WHEN: trigger },
        () => writeFileSync(trigger, ''),
      );
      const acknowledged = lines.filter((line) => line.startsWith('s:'));
      expect(acknowledged.length).toBeGreaterThanOrEqual(40);
      const later = ['append', 'append', 'commit', 'read'].map((call) => `${call} JOURNAL_FAILED false`);
      expect(lines.slice(acknowledged.length)).toEqual([...later, 'closed']);
      // As after a crash, so that the next opening checks the whole file.
      expect(existsSync(`${file}.pid`)).toBe(true);
      const ids = await idsIn();
      expect(ids.slice(0, acknowledged.length)).toEqual(acknowledged);
      // Incidents that were not acknowledged may be there, once each.
      expect(ids.length).toBeLessThanOrEqual(acknowledged.length + 1);
    });
  });

  it.runIf(process.platform === 'linux')(
    'rejects with a temporary error at a limit of file sizes',
    { timeout: 60_000 },
    async () => {
      const child = `exec '${process.execPath}' '${join(bundle, 'failing-child.js')}' '${file}'`;
      const lines = await outputOf(['bash', '-c', `ulimit -f 1000; ${child}`], {}, () => {});
      const acknowledged = lines.filter((line) => line.startsWith('s:'));
      expect(acknowledged.length).toBeGreaterThan(20);
      const later = lines.slice(acknowledged.length);
      expect(later.slice(0, 2)).toEqual(['append JOURNAL_FULL true', 'append JOURNAL_FULL true']);
      // Reading works. A commit may or may not find enough space.
      expect(later.slice(3)).toEqual(['read taken', 'closed']);
      const ids = await idsIn();
      expect(ids.slice(0, acknowledged.length)).toEqual(acknowledged);
    },
  );
});
