import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { bundleChild } from '../../../../test/bundle-child.ts';
import type { Ran, World } from './world.ts';

const packages = new URL('../../../../packages/', import.meta.url);

/** The program and packages of this workspace, each as one file that Node runs without a loader, so that it starts fast. */
export interface BuiltProgram {
  /** Installs a package that was built, under its own name. */
  install(world: World, name: string): void;
  start(world: World, argv: readonly string[]): RunningProgram;
  remove(): void;
}

/** The built program in a process of its own. */
export interface RunningProgram {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** Resolves when standard error has said something; rejects when the program ends without. */
  said(text: string): Promise<void>;
  /** What standard error has said so far. */
  stderr(): string;
  readonly ended: Promise<Ran>;
}

function startIn(folder: string, main: string, argv: readonly string[]): RunningProgram {
  const child = spawn(process.execPath, [main, ...argv], {
    cwd: folder,
    env: { PATH: process.env['PATH'], XDG_STATE_HOME: `${folder}/state`, IHANDLER_SENSOR: 'sensor-1' },
    stdio: ['ignore', 'pipe', 'pipe'],
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

/** Builds the program and these packages into folders where their libraries resolve. Call {@link BuiltProgram.remove}. */
export async function buildProgram(names: readonly string[]): Promise<BuiltProgram> {
  const own = mkdtempSync(fileURLToPath(new URL('../../node_modules/.program-', import.meta.url)));
  const main = join(own, 'main.js');
  const running = new Set<RunningProgram>();
  await bundleChild(new URL('../main.ts', import.meta.url), own, 'better-sqlite3');
  for (const name of names)
    await bundleChild(new URL(`${name}/src/index.ts`, packages), join(own, name), 'better-sqlite3');
  return {
    install(world, name) {
      const from = fileURLToPath(new URL(name, packages));
      const { ihandler, version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
      const built = readFileSync(join(own, name, 'index.js'), 'utf8');
      world.install(`@ihandler/${name}`, { version, ihandler, main: './index.js' }, { 'index.js': built });
      const library = join(world.folder, 'node_modules/better-sqlite3');
      mkdirSync(dirname(library), { recursive: true });
      if (!existsSync(library)) symlinkSync(join(from, 'node_modules/better-sqlite3'), library);
    },
    start(world, argv) {
      const program = startIn(world.folder, main, argv);
      running.add(program);
      program.ended.finally(() => running.delete(program)).catch(() => undefined);
      return program;
    },
    remove() {
      for (const { child } of running) child.kill('SIGKILL');
      rmSync(own, { recursive: true, force: true });
    },
  };
}
