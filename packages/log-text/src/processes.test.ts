import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bundleChild } from '@ihandler/test-support/bundle-child';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { LogTextOptions } from './handler.ts';
import { numberIn, numbersIn, upTo } from './testing/numbered.ts';
import { namesIn, temporaryFolder, textOf } from './testing/started.ts';

// Inside the package, so that imports outside the bundle resolve.
const bundle = mkdtempSync(fileURLToPath(new URL('../node_modules/.processes-', import.meta.url)));
const child = join(bundle, 'writing-child.js');

beforeAll(async () => {
  await bundleChild(new URL('./testing/writing-child.ts', import.meta.url), bundle, 'sonic-boom');
});
afterAll(() => rmSync(bundle, { recursive: true, force: true }));

interface Writer {
  readonly process: ChildProcess;
  /** Its standard output. */
  readonly lines: AsyncIterable<string>;
  retry(): void;
}

/** Starts a process that writes numbered incidents up to `count`. Its files are limited to `blocks` of 512 bytes or more. */
function startWriter(options: LogTextOptions, first: number, count: number, blocks?: number): Writer {
  const writing = [child, JSON.stringify(options), String(first), String(count)];
  const limit = `ulimit -f ${blocks ?? 'unlimited'} && exec "$@"`;
  const started = spawn('sh', ['-c', limit, 'sh', process.execPath, ...writing], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void started.kill('SIGKILL'));
  return {
    process: started,
    lines: createInterface({ input: started.stdout }),
    retry: () => started.stdin.write('again\n'),
  };
}

describe('log-text on a full disk', () => {
  it('leaves only whole lines, and writes the rest once, in order, when there is space', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'a.log');
    const writer = startWriter({ file, rotate: false }, 1, 2000, 64);
    let acknowledged = 0;
    let failures = 0;
    for await (const line of writer.lines) {
      if (!line.startsWith('failed')) {
        acknowledged = Number(line);
        continue;
      }
      expect(line).toBe('failed EFBIG temporary');
      const written = numbersIn(textOf(file));
      expect(written.length).toBeGreaterThan(0);
      expect(written).toEqual(upTo(acknowledged).slice(-written.length));
      failures += 1;
      // Without more space it fails in the same way and does no harm.
      if (failures % 2 === 0) renameSync(file, `${file}.${1000 - failures}`);
      writer.retry();
    }
    expect(acknowledged).toBe(2000);
    expect(failures).toBeGreaterThan(6);
    expect(namesIn(folder).flatMap((name) => numbersIn(textOf(join(folder, name))))).toEqual(upTo(2000));
  });
});

describe('log-text in a process that is killed', () => {
  it('has written every acknowledged line; after a restart it repeats at most one batch and separates a partial line', async () => {
    const folder = temporaryFolder();
    const options = { file: join(folder, 'a.log'), rotate: { maxSize: '30kB', maxFiles: 1000 } };
    const kills = 8;
    let acknowledged = 0;
    for (let round = 1; round <= kills; round += 1) {
      const writer = startWriter(options, acknowledged + 1, 1e9);
      const until = acknowledged + 300 + 150 * round;
      for await (const line of writer.lines) {
        acknowledged = Number(line);
        if (acknowledged >= until) writer.process.kill('SIGKILL');
      }
    }
    const count = acknowledged + 500;
    for await (const line of startWriter(options, acknowledged + 1, count).lines) acknowledged = Number(line);
    expect(acknowledged).toBe(count);
    const lines = namesIn(folder).flatMap((name) => textOf(join(folder, name)).split('\n').slice(0, -1));
    const numbers = lines.map(numberIn).filter((number) => number !== undefined);
    expect([...new Set(numbers)]).toEqual(upTo(count));
    expect(numbers.length).toBeLessThanOrEqual(count + 50 * kills);
    // The kill may interrupt a write.
    expect(lines.length - numbers.length).toBeLessThanOrEqual(kills);
    expect(namesIn(folder).filter((name) => !/^a\.log(?:\.\d+\.gz)?$/.test(name))).toEqual([]);
  });
});
