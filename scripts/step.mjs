// Runs programs for the other scripts. A program gets neither a shell (except on Windows) nor our standard input.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The pinned package manager, such as `pnpm@12.21.0`. */
export const packageManager = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;

/** The folder of the pinned package manager, which git ignores. */
export const tools = join('.tools', packageManager);

/** The environment of programs: the tools of the workspace come first in PATH, and telemetry is off. */
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

/** Starts a program in the root. On Windows npm, pnpm and turbo are scripts, which only a shell can start. */
export function start(command, args, options = {}) {
  const shell = process.platform === 'win32' && command !== process.execPath;
  return spawn(command, args, { cwd: root, env: environment, shell, ...options });
}

/** Resolves with the exit code of a program when it has ended, or with 1 if a signal ended it. */
export function ended(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}

/** Runs a program with our standard output. Resolves with its exit code. The program handles signals. */
export async function run(command, args, options = {}) {
  const child = start(command, args, { stdio: 'inherit', ...options });
  // A terminal sends Ctrl-C to the program too. Other signals reach only this process.
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
 * Runs a program without showing its output. Resolves with its exit code, all output, and standard output alone. Calls `late`
 * once if the program takes more than a second, and `listen` with each piece of output. Kills the program after `timeout`
 * milliseconds, without waiting for its children.
 */
export async function quietly(command, args, { late, listen, timeout, ...options } = {}) {
  const timer = late && setTimeout(late, 1000);
  let limit;
  try {
    const child = start(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = [];
    const end = () => {
      chunks.push([child.stderr, Buffer.from(`\nended after ${Math.round(timeout / 1000)} s\n`)]);
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
    };
    limit = timeout && setTimeout(end, timeout);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        chunks.push([stream, chunk]);
        listen?.(chunk);
      });
    const code = await ended(child);
    const text = (some) => Buffer.concat(some.map(([, chunk]) => chunk)).toString();
    return { code, output: text(chunks), stdout: text(chunks.filter(([stream]) => stream === child.stdout)) };
  } finally {
    clearTimeout(timer);
    clearTimeout(limit);
  }
}
