import { spawn } from 'node:child_process';
import { once } from 'node:events';
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
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const GOAL = 120;
const ROUNDS = 3;
const root = fileURLToPath(new URL('..', import.meta.url));
const packages = ['core', 'dionaea', 'journal-sqlite', 'log-sqlite', 'log-text', 'store'];

const configuration = `
data: data
health: { port: 0 }
journal: { name: sqlite, config: { file: journal.sqlite } }
sources:
  - { name: dionaea-follow, config: { file: incident.json } }
  - { name: dionaea-http, config: { port: 0 } }
ihandlers:
  - { name: log-sqlite, config: { file: attacks.sqlite } }
  - { name: log-text, config: { file: incidents.log } }
`;

/** The resident memory of a process, in MB. */
function memoryOf(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1024;
}

/** The memory of `ihandler run` after ten idle seconds, in MB. */
async function idle(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-bench-'));
  mkdirSync(join(folder, 'node_modules', '@ihandler'), { recursive: true });
  for (const name of readdirSync(join(root, 'packages')).filter((one) => packages.includes(one)))
    symlinkSync(join(root, 'packages', name), join(folder, 'node_modules', '@ihandler', name));
  const manifest = { dependencies: Object.fromEntries(packages.map((name) => [`@ihandler/${name}`, '*'])) };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'ihandler.yaml'), configuration);
  writeFileSync(join(folder, 'incident.json'), '');
  const program = join(root, 'apps/ihandler/dist/main.js');
  const child = spawn(process.execPath, [program, 'run', '-c', 'ihandler.yaml'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const ended = once(child, 'exit');
  try {
    for (let waited = 0; !said.includes('health and metrics'); waited += 50) {
      if (child.exitCode !== null || waited > 30_000) throw new Error(`ihandler run did not start: ${said}`);
      await wait(50);
    }
    await wait(10_000);
    return memoryOf(child.pid ?? 0);
  } finally {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}

const figures: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) figures.push(await idle());
figures.sort((a, b) => a - b);
console.log(
  `ihandler run with journal-sqlite, dionaea-follow, dionaea-http, log-sqlite and log-text, idle for 10 s: ${figures.map((one) => one.toFixed(0)).join(', ')} MB (VmRSS), median ${figures[ROUNDS >> 1]?.toFixed(0)} (goal: under ${GOAL})`,
);
if ((figures[ROUNDS >> 1] ?? GOAL) >= GOAL) process.exitCode = 1;
