import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { runVitest } from './run-vitest.mjs';

/** A folder with these test files, the path of their record, and a function that runs them. */
function testsIn(files: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-run-vitest-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, code] of Object.entries(files)) writeFileSync(join(folder, `${name}.test.js`), code);
  const record = join(folder, 'record');
  const run = (signal?: AbortSignal) =>
    runVitest(['--root', folder, '--globals', '--maxWorkers=2'], { record, signal, stdout: 'ignore' });
  return { record, run };
}

const sound = "it('one', () => {}); it('two', () => {}); it['skip']('three', () => {});";

it('runVitest counts passed, failed and skipped tests, also files that cannot be loaded and failing hooks', async () => {
  const { run } = testsIn({
    sound,
    wrong: "it('fails', () => expect(1).toBe(2)); it('passes', () => {});",
    unreadable: "throw new Error('no such thing')",
    hook: "afterAll(() => { throw new Error('late') }); it('passes', () => {});",
  });
  expect(await run()).toMatchObject({ passed: 4, failed: 3, skipped: 1, unfinished: [], notBegun: 0 });
}, 120_000);

it('runVitest counts a process that dies and an unhandled rejection as failures', async () => {
  const dies = testsIn({ sound, dies: "it('dies', () => process.kill(process.pid, 'SIGKILL'))" });
  expect(await dies.run()).toMatchObject({ passed: 2, failed: 1 });
  const rejects = testsIn({
    rejects: "it('passes', () => { Promise.reject(new Error('unhandled')); })",
  });
  expect(await rejects.run()).toMatchObject({ passed: 1, failed: 1 });
}, 120_000);

it('runVitest ends and names a test that still runs when the signal aborts', async () => {
  const { run, record } = testsIn({ sound, hangs: "it('hangs', () => { for (;;); })" });
  const limit = new AbortController();
  const running = run(limit.signal);
  const recorded = () => {
    try {
      return readFileSync(record, 'utf8');
    } catch {
      return '';
    }
  };
  while (!/"ended":"sound/.test(recorded()) || !/"began":"hangs/.test(recorded())) await pause(20);
  limit.abort();
  expect(await running).toMatchObject({ passed: 2, failed: 1, skipped: 1, unfinished: ['hangs.test.js'] });
}, 120_000);
