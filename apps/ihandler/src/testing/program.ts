import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Ran, World } from './world.ts';

const hooks = fileURLToPath(new URL('./typescript-hooks.mjs', import.meta.url));
const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const app = fileURLToPath(new URL('../..', import.meta.url));

/** Makes the folder of a world a project that has installed the program: only then are its packages used there. */
function installProgram(folder: string): void {
  const link = join(folder, 'node_modules/ihandler');
  if (existsSync(link)) return;
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(app, link);
}

/** The program in a process of its own. */
export interface Program {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Resolves when standard error has said something; rejects when the program ends without. */
  said(text: string): Promise<void>;
  /** What standard error has said so far. */
  stderr(): string;
  readonly ended: Promise<Ran>;
}

/** Starts Node with these arguments in the folder of a world. */
export function startNode(
  { folder }: World,
  args: readonly string[],
  user: { readonly uid?: number; readonly gid?: number } = {},
): Program {
  installProgram(folder);
  const child = spawn(process.execPath, [...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], XDG_STATE_HOME: `${folder}/state`, IHANDLER_SENSOR: 'sensor-1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  let stdout = '';
  let stderr = '';
  const more = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
    for (const told of more) told();
  });
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
  return {
    child,
    ended,
    stderr: () => stderr,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (stderr.includes(text)) resolve();
        };
        more.add(look);
        look();
        ended.then(() => reject(new Error(`ended without saying ${text}: ${stderr}`)), reject);
      }),
  };
}

/** Starts the program, from its sources, in the folder of a world; as another user when this one is root. */
export function startProgram(
  world: World,
  argv: readonly string[],
  user: { readonly uid?: number; readonly gid?: number } = {},
): Program {
  return startNode(world, ['--conditions=@ihandler/source', '--import', hooks, main, ...argv], user);
}
