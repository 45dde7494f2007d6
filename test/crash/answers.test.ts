import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findService } from '../../scripts/services.mjs';
import { bundleChild } from '../support/bundle-child.ts';
import type { ChildOrders } from '../support/crash/crash-child.ts';
import { calm } from '../support/crash/crash-plan.ts';
import { fileLine, postersFor } from '../support/crash/crash-posts.ts';
import { describeService } from '../support/servers/available.ts';

const bundle = mkdtempSync(
  fileURLToPath(new URL('../../packages/journal-sqlite/node_modules/.answers-', import.meta.url)),
);
const folder = mkdtempSync(join(tmpdir(), 'ihandler-answers-'));
beforeAll(() =>
  bundleChild(new URL('../support/crash/crash-child.ts', import.meta.url), bundle, 'better-sqlite3'),
);
afterAll(() => {
  for (const path of [bundle, folder]) rmSync(path, { recursive: true, force: true });
});

describeService('strace', () => {
  it.each(['http', 'dionaea-http'] as const)(
    'a host syncs the journal to disk between each post to %s and the 204 that answers it',
    { timeout: 60_000 },
    async (port) => {
      const home = join(folder, port);
      mkdirSync(home);
      writeFileSync(join(home, 'incident.json'), '');
      const trace = join(folder, `${port}.trace`);
      const orders: ChildOrders = { folder: home, port, trouble: calm, repaired: false };
      const calls = 'trace=pwrite64,fsync,fdatasync,read,write,writev';
      const child = spawn(
        findService('strace') ?? 'strace',
        [
          ...['-f', '-y', '-e', calls, '-o', trace, process.execPath],
          ...[join(bundle, 'crash-child.js'), JSON.stringify(orders)],
        ],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      );
      const ended = once(child, 'exit');
      const [poster] = postersFor(port, () => 0.5);
      for await (const line of createInterface({ input: child.stdout })) {
        for (let n = 0; n < 40; n += 1) expect(await poster?.post(Number(line))).toBe('taken');
        break;
      }
      appendFileSync(join(home, 'incident.json'), fileLine(0));
      child.stdin.write('f-0\n');
      expect(await ended).toEqual([0, null]);

      let written = false;
      let synced = false;
      let answers = 0;
      for (const line of readFileSync(trace, 'latin1').split('\n')) {
        if (/ read\(\d+<[^>]*>, "POST /.test(line)) [written, synced] = [false, false];
        else if (/pwrite64\(\d+<[^>]*journal\.sqlite-wal>/.test(line)) [written, synced] = [true, false];
        else if (/f(data)?sync\(\d+<[^>]*journal\.sqlite-wal>/.test(line)) synced = written;
        else if (/ writev?\(\d+<[^>]*>, .*"HTTP\/1\.1 204/.test(line)) {
          answers += 1;
          expect({ answers, written, synced }).toEqual({ answers, written: true, synced: true });
        }
      }
      expect(answers).toBe(40);
    },
  );
});
