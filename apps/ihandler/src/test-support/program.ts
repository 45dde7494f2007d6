import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Ran, World } from './world.ts';

const hooks = fileURLToPath(new URL('./typescript-hooks.mjs', import.meta.url));
const main = fileURLToPath(new URL('../main.ts', import.meta.url));

/** The program in a process of its own. */
export interface Program {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Resolves when standard error has said something. */
  said(text: string): Promise<void>;
  readonly ended: Promise<Ran>;
}

/** Starts the program, from its sources, in the folder of a world. */
export function startProgram(world: World, argv: readonly string[]): Program {
  const child = spawn(process.execPath, ['--conditions=@ihandler/source', '--import', hooks, main, ...argv], {
    cwd: world.folder,
    env: { PATH: process.env['PATH'], XDG_STATE_HOME: `${world.folder}/state`, IHANDLER_SENSOR: 'sensor-1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
  return {
    child,
    ended,
    async said(text) {
      while (!stderr.includes(text)) {
        const more = new Promise((resolve) => child.stderr.once('data', resolve));
        const end = ended.then(() => {
          if (!stderr.includes(text)) throw new Error(`ended without saying ${text}: ${stderr}`);
        });
        await Promise.race([more, end]);
      }
    },
  };
}
