import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import journalSqlite from '@ihandler/journal-sqlite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundleChild } from '../support/bundle-child.ts';
import { describeService } from '../support/servers/available.ts';

/** Holds the child as one file beside the dependencies of the package, so that Node runs it without a loader. */
const bundle = mkdtempSync(
  fileURLToPath(new URL('../../packages/store/node_modules/.child-', import.meta.url)),
);
const root = mkdtempSync(join(tmpdir(), 'ihandler-samples-'));
let folders = 0;
const [HERE, ELSEWHERE] = ['token-of-the-sensor-here', 'token-of-a-sensor-elsewhere'] as const;

beforeAll(async () => {
  await bundleChild(new URL('../support/store-child.ts', import.meta.url), bundle, 'better-sqlite3');
});
afterAll(() => {
  for (const path of [bundle, root]) rmSync(path, { recursive: true, force: true });
});

function newFolders() {
  folders += 1;
  const dataDir = join(root, String(folders), 'data');
  const binaries = join(root, String(folders), 'binaries');
  for (const folder of [dataDir, binaries]) mkdirSync(folder, { recursive: true });
  return { dataDir, binaries };
}

type Child = ChildProcessByStdio<Writable, Readable, null>;

function start(command: readonly string[], ...args: readonly string[]): Child {
  const [program = '', ...rest] = [...command, process.execPath, join(bundle, 'store-child.js'), ...args];
  return spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
}

it('store reports each new sample once, whenever the process is killed', { timeout: 120_000 }, async () => {
  const { dataDir, binaries } = newFolders();
  const contents = Array.from({ length: 60 }, (_, n) => `sample ${n % 45}`);
  const files = contents.map((content, n) => {
    const file = join(binaries, String(n));
    writeFileSync(file, content);
    return file;
  });
  let accepted = 0;
  for (let life = 0; accepted < files.length; life += 1) {
    const child = start([], dataDir, binaries);
    // Input written to a killed process is lost, just as if the process had not read it.
    child.stdin.on('error', () => undefined);
    const from = accepted;
    for (const [at, file] of files.entries()) if (at >= from) child.stdin.write(`${at + 1} ${file}\n`);
    const kill = life < 12 ? 1 + Math.floor(Math.random() * 6) : Number.POSITIVE_INFINITY;
    for await (const line of createInterface({ input: child.stdout })) {
      accepted = Number(line);
      if (accepted - from >= kill) setTimeout(() => child.kill('SIGKILL'), Math.random() * 15);
      if (accepted === files.length) break;
    }
    child.kill('SIGKILL');
    await new Promise((resolve) =>
      child.exitCode === null && child.signalCode === null ? child.once('exit', resolve) : resolve(0),
    );
  }
  // Another run, which is not killed, delivers the pending incidents.
  const last = start([], dataDir, binaries);
  last.stdin.end();
  await new Promise((resolve) => last.once('exit', resolve));
  const hashes = [...new Set(contents)].map((content) => createHash('sha256').update(content).digest('hex'));
  const told = new Map(
    readFileSync(join(dataDir, 'told'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): [string, string] => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']),
  );
  // A listener may get an incident twice after a crash, with the same id. The journal has each once.
  expect([...told.values()].toSorted()).toEqual(hashes.toSorted());
  const journal = journalSqlite({ file: join(dataDir, 'journal.sqlite'), minFree: '1MB' });
  await journal.open();
  const { incidents } = await journal.read(0, 10_000);
  await journal.close();
  const stored = incidents.filter(({ origin }) => origin === 'ihandler.sample.stored');
  expect(stored.map(({ data }) => (data as { readonly sha256: string }).sha256).toSorted()).toEqual(
    hashes.toSorted(),
  );
  const kept = readdirSync(join(dataDir, 'store', 'samples'), { recursive: true, withFileTypes: true });
  expect(kept.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).toSorted()).toEqual(hashes.toSorted());
});

async function post(port: number, token: string, file: string): Promise<number> {
  const data = { url: 'http://198.51.100.7/x', md5hash: 'a'.repeat(32), file };
  const line = {
    timestamp: '2026-11-22T06:51:38.463522',
    name: 'dionaea',
    origin: 'dionaea.download.complete.unique',
    data,
  };
  const answer = await fetch(`http://127.0.0.1:${port}/${token}`, {
    method: 'POST',
    body: JSON.stringify(line),
  });
  await answer.text();
  return answer.status;
}

describeService('strace', () => {
  it('store never opens a file outside of the allowed folders, nor any file that a remote sensor names', {
    timeout: 120_000,
  }, async () => {
    const { dataDir, binaries } = newFolders();
    const outside = join(binaries, '..', 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'secret-file'), 'secret');
    writeFileSync(join(binaries, 'allowed'), 'allowed');
    writeFileSync(join(binaries, 'secret-remote'), 'only a local sensor may name it');
    symlinkSync(join(outside, 'secret-file'), join(binaries, 'link'));
    symlinkSync(outside, join(binaries, 'folder'));
    const trace = join(root, 'trace');
    const strace = ['strace', '-f', '-qq', '-s', '4096', '-e', 'trace=open,openat,openat2', '-o', trace];
    const child = start(strace, dataDir, binaries, HERE, ELSEWHERE);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const port = Number(/^port (\d+)$/.exec(String((await lines.next()).value))?.[1]);
    const named = [
      join(outside, 'secret-file'),
      `${binaries}/../outside/secret-file`,
      `${binaries}/./../outside/secret-file`,
      join(binaries, 'link'),
      join(binaries, 'folder', 'secret-file'),
      '/opt/dionaea/../outside/secret-file',
      '/opt/dionaea/folder/secret-file',
      `${binaries}/folder/../outside/secret-file`,
      '../outside/secret-file',
      'file:///outside/secret-file',
    ];
    for (const file of named) expect(await post(port, HERE, file)).toBe(204);
    expect(await post(port, ELSEWHERE, join(binaries, 'secret-remote'))).toBe(204);
    expect(await post(port, ELSEWHERE, '/opt/dionaea/secret-remote')).toBe(204);
    // A file with another MD5 is rejected after it was read. So the trace would show the other files too.
    expect(await post(port, HERE, '/opt/dionaea/allowed')).toBe(204);
    child.stdin.write('end\n');
    const status: { readonly counts: Record<string, number>; readonly counters: Record<string, number> } =
      JSON.parse(String((await lines.next()).value));
    await new Promise((resolve) => child.once('exit', resolve));
    const opened = readFileSync(trace, 'utf8');
    expect(opened).toContain('/binaries/allowed');
    expect(opened).not.toContain('secret-');
    expect(status.counts).toMatchObject({ delivered: 2, dead: named.length + 1 });
    expect(status.counters).toMatchObject({ remote: 2, stored: 0 });
  });
});
