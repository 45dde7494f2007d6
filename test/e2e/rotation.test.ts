import { type ChildProcess, spawn } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import journalSqlite from '@ihandler/journal-sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleChild } from '../support/bundle-child.ts';

/** Holds the children as files beside the dependencies of the journal, so that Node runs them without a loader. */
const bundle = mkdtempSync(
  fileURLToPath(new URL('../../packages/journal-sqlite/node_modules/.follow-', import.meta.url)),
);
/** On a disk, where a new file may get the inode of a deleted one. Temporary files may be in memory. */
const folder = mkdtempSync(join(bundle, 'files-'));
const rate = 2000;
const milliseconds = Number(process.env['FOLLOW_MILLISECONDS'] ?? 4000);

beforeAll(async () => {
  for (const child of ['writing-child', 'following-child'])
    await bundleChild(new URL(`../support/follow/${child}.ts`, import.meta.url), bundle, 'better-sqlite3');
});
afterAll(() => {
  rmSync(bundle, { recursive: true, force: true });
});

const below = (limit: number) => Math.floor(Math.random() * limit);

function start(child: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(bundle, `${child}.js`), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

/** The numbers that a child prints. */
async function* numbersFrom({ stdout }: ChildProcess): AsyncGenerator<number> {
  if (stdout !== null) for await (const line of createInterface({ input: stdout })) yield Number(line);
}

/** Rotates like logrotate, with rising numbers in the names. */
function shift(file: string): void {
  let last = 1;
  while (existsSync(`${file}.${last}`) || existsSync(`${file}.${last}.gz`)) last += 1;
  for (let index = last - 1; index >= 1; index -= 1)
    for (const gz of ['', '.gz'])
      if (existsSync(`${file}.${index}${gz}`))
        renameSync(`${file}.${index}${gz}`, `${file}.${index + 1}${gz}`);
}

type Kind = 'rename' | 'copytruncate';

async function rotate(file: string, kind: Kind, writer: ChildProcess): Promise<void> {
  shift(file);
  if (kind === 'rename') {
    renameSync(file, `${file}.1`);
    await wait(below(30));
    writer.kill('SIGUSR2');
  } else {
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  }
  await wait(50 + below(100));
  // The writer no longer writes to files that were rotated earlier.
  const older = `${file}.2`;
  if (below(2) === 0 || !existsSync(older)) return;
  const bytes = gzipSync(readFileSync(older));
  writeFileSync(`${older}.gz`, bytes);
  unlinkSync(older);
}

/** Runs the follower and kills it at random moments, until every line up to a number has arrived. */
async function followUntil(
  file: string,
  journal: string,
  last: () => number | undefined,
  onNumber: () => void,
): Promise<number> {
  let kills = 0;
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; kills += 1) {
    const child = start('following-child', file, journal);
    let left = 1 + below(12);
    const tooLate = setTimeout(() => child.kill('SIGKILL'), 20_000);
    for await (const number of numbersFrom(child)) {
      left -= 1;
      onNumber();
      const end = last();
      if (end === undefined ? left <= 0 : number >= end) {
        child.kill('SIGKILL');
        clearTimeout(tooLate);
        if (end !== undefined && number >= end) return kills;
      }
    }
    clearTimeout(tooLate);
  }
  throw new Error('The follower did not reach the last line.');
}

/** The numbers of all lines on disk, in any part. */
function numbersOnDisk(name: string): Set<number> {
  const numbers = new Set<number>();
  for (const part of readdirSync(folder).filter((other) => other.startsWith(name))) {
    const bytes = readFileSync(join(folder, part));
    const text = (part.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    for (const [, number] of text.matchAll(/"http:\/\/192\.0\.2\.1\/(\d+)"\}\}\n/g))
      numbers.add(Number(number));
  }
  return numbers;
}

async function numbersIn(path: string): Promise<number[]> {
  const journal = journalSqlite({ file: path });
  await journal.open();
  const numbers: number[] = [];
  for (let after = journal.bounds().before; ; ) {
    const { before, incidents } = await journal.read(after, 1000);
    if (incidents.length === 0) break;
    after = before + incidents.length;
    for (const { data } of incidents) numbers.push(Number(String(data['url']).split('/').at(-1)));
  }
  await journal.close();
  return numbers;
}

/** Writes, rotates, follows and kills at the same time. Returns the written lines, the lines on disk and the received lines. */
async function run(name: string, kinds: readonly Kind[]) {
  const file = join(folder, `${name}.json`);
  const path = join(folder, `journal-of-${name}.sqlite`);
  let written: number | undefined;
  let rotations = 0;
  writeFileSync(file, '');
  const writer = start('writing-child', file, String(rate), String(milliseconds));
  const writing = (async () => {
    for await (const count of numbersFrom(writer)) written = count;
  })();
  let begun = false;
  const onNumber = () => {
    begun = true;
  };
  const following = followUntil(file, path, () => written, onNumber);
  // The source does not read files that were rotated before it first ran.
  while (!begun) await wait(10);
  while (written === undefined) {
    await rotate(file, kinds[below(kinds.length)] ?? 'rename', writer);
    rotations += 1;
  }
  await writing;
  const kills = await following;
  const onDisk = numbersOnDisk(`${name}.json`);
  const came = await numbersIn(path);
  const lost = [...onDisk].filter((number) => !came.includes(number)).length;
  const gap = (written ?? 0) - onDisk.size;
  console.log(
    `${kinds.join(' and ')}: ${written} lines at ${rate}/s, ${rotations} rotations, ${kills} kills: lost ${lost}; never in any file after copytruncate: ${gap}`,
  );
  return { came, lost, gap };
}

describe('a file that is rotated while a follower reads it and is killed repeatedly', () => {
  it('loses nothing when files are renamed and gzipped', { timeout: 120_000 }, async () => {
    const { came, lost, gap } = await run('renamed', ['rename']);
    expect({ lost, gap }).toEqual({ lost: 0, gap: 0 });
    expect(came).toEqual([...new Set(came)].sort((a, b) => a - b));
  });

  it('loses only what copytruncate itself loses', { timeout: 120_000 }, async () => {
    const { came, lost } = await run('copied', ['copytruncate', 'copytruncate', 'rename']);
    expect(lost).toBe(0);
    expect(came).toEqual([...new Set(came)].sort((a, b) => a - b));
  });
});
