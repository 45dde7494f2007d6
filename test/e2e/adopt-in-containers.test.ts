import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { bundleChild } from '../support/bundle-child.ts';
import { recording } from '../support/recordings.ts';

/** Holds the child as one file beside the dependencies of the package, so that Node runs it without a loader. */
const bundle = mkdtempSync(
  fileURLToPath(new URL('../../packages/log-sqlite/node_modules/.child-', import.meta.url)),
);
const mayUnshare = spawnSync('unshare', ['--pid', '--mount', '--fork', '--mount-proc', 'true']).status === 0;

beforeAll(() => bundleChild(new URL('../support/adopt-child.ts', import.meta.url), bundle, 'better-sqlite3'));
afterAll(() => rmSync(bundle, { recursive: true, force: true }));

function dionaeaDatabase(): { readonly folder: string; readonly file: string } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ihandler-adopt-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'dionaea.sqlite');
  copyFileSync(recording('dionaea-a/log_sqlite.sqlite'), file);
  return { folder, file };
}

/** A process that has the file open for writing until the test is over, as a dionaea does; it adds nothing meanwhile. */
async function holdOpen(file: string, ...before: readonly string[]): Promise<void> {
  const [command = 'bash', ...rest] = [
    ...before,
    'bash',
    '-c',
    'exec 3<>"$0"; echo open; exec sleep 60',
    file,
  ];
  const writer = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  onTestFinished(() => {
    if (writer.pid !== undefined) process.kill(-writer.pid, 'SIGKILL');
  });
  await once(writer.stdout, 'data');
  // While bash becomes sleep, its open files cannot be listed for a moment.
  await pause(500);
}

function adopt(file: string, consent: 'true' | 'checked', ...before: readonly string[]): string {
  const [command = '', ...rest] = [
    ...before,
    process.execPath,
    join(bundle, 'adopt-child.js'),
    file,
    consent,
  ];
  return spawnSync(command, rest, { encoding: 'utf8' }).stdout.trim();
}

describe.runIf(mayUnshare)('log-sqlite, asked to adopt a database of dionaea,', { timeout: 60_000 }, () => {
  const container = ['unshare', '--pid', '--mount', '--fork', '--mount-proc'];

  test('refuses in a container, where it cannot see a dionaea outside, unless the operator has checked', async () => {
    const { file } = dionaeaDatabase();
    await holdOpen(file);
    expect(adopt(file, 'true', ...container)).toMatch(
      /a process outside of this container.*run as root on the machine itself.*fuser -v .*Nothing was changed/s,
    );
    expect(adopt(file, 'checked', ...container)).toBe('adopted');
  });

  test('names a dionaea in a container in which the database has another path', async () => {
    const { folder, file } = dionaeaDatabase();
    const inside = join(folder, 'inside');
    mkdirSync(inside);
    await holdOpen(
      join(inside, 'dionaea.sqlite'),
      ...container,
      ...['bash', '-c', 'mount --bind "$0" "$1" && shift && exec "$@"', folder, inside],
    );
    expect(adopt(file, 'true')).toMatch(/is open for writing in process \d+ \(sleep\)/);
  });
});
