// Running programs for the scripts beside this file. No program here gets a shell or our standard input.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The pinned package manager, such as `pnpm@12.21.0`. */
export const packageManager = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;

/** Where the pinned package manager is installed; git-ignored. */
export const tools = join('.tools', packageManager);

/** What programs of the workspace run with: its own tools first in PATH, and nothing that phones home. */
export const environment = {
  ...process.env,
  PATH: [
    join(root, tools, 'node_modules', '.bin'),
    join(root, 'node_modules', '.bin'),
    process.env.PATH,
  ].join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
};

/** Starts a program in the root; on Windows npm, pnpm and turbo are scripts, which only a shell can start. */
export function start(command, args, options = {}) {
  const shell = process.platform === 'win32' && command !== process.execPath;
  return spawn(command, args, { cwd: root, env: environment, shell, ...options });
}

/** Resolves with the exit code once a program has ended; one that a signal ended counts as 1. */
export function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** Runs a program that talks to the user itself; answers its exit code. Signals are its to decide about. */
export async function run(command, args, options = {}) {
  const child = start(command, args, { stdio: 'inherit', ...options });
  // A terminal sends Ctrl-C to the program too; other signals come to us alone.
  const wait = () => {};
  const pass = (signal) => child.kill(signal);
  process.on('SIGINT', wait).on('SIGTERM', pass).on('SIGHUP', pass);
  try {
    return await ended(child);
  } finally {
    process.off('SIGINT', wait).off('SIGTERM', pass).off('SIGHUP', pass);
  }
}

/**
 * Runs a program quietly; answers its exit code, all it said, and what of that went to standard output. `late` is called
 * once if it takes over a second. After `timeout` milliseconds it is ended, and what it has started is not listened to.
 */
export async function quietly(command, args, { late, timeout, ...options } = {}) {
  const timer = late && setTimeout(late, 1000);
  let limit;
  try {
    const child = start(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    const give = () => {
      chunks.push([child.stderr, Buffer.from(`\nended after ${Math.round(timeout / 1000)} s\n`)]);
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
    };
    limit = timeout && setTimeout(give, timeout);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => chunks.push([stream, chunk]));
    const code = await ended(child);
    const text = (some) => Buffer.concat(some.map(([, chunk]) => chunk)).toString();
    return { code, output: text(chunks), stdout: text(chunks.filter(([stream]) => stream === child.stdout)) };
  } finally {
    clearTimeout(timer);
    clearTimeout(limit);
  }
}
