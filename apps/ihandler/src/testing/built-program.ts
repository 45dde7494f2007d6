import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleChild } from '@ihandler/test-support/bundle-child';
import { type Program, startNode } from './program.ts';
import type { World } from './world.ts';

const packages = new URL('../../../../packages/', import.meta.url);

/** The program and packages of this workspace, each as one file that Node runs without a loader, so that it starts fast. */
export interface BuiltProgram {
  /** The file that Node runs. */
  readonly main: string;
  /** Installs a package that was built, under its own name. */
  install(world: World, name: string): void;
  /** As another user when this one is root, and with options for Node itself. */
  start(
    world: World,
    argv: readonly string[],
    user?: Parameters<typeof startNode>[2],
    nodeOptions?: readonly string[],
  ): Program;
  remove(): void;
}

/** Builds the program and these packages into folders where their libraries resolve. Call {@link BuiltProgram.remove}. */
export async function buildProgram(names: readonly string[]): Promise<BuiltProgram> {
  const own = mkdtempSync(fileURLToPath(new URL('../../node_modules/.program-', import.meta.url)));
  chmodSync(own, 0o755); // for tests that act as another user
  const main = join(own, 'main.js');
  const running = new Set<Program>();
  await bundleChild(new URL('../main.ts', import.meta.url), own, 'better-sqlite3');
  await bundleChild(
    new URL('host/src/isolation/worker.ts', packages),
    join(own, 'isolation'),
    'better-sqlite3',
  );
  for (const name of names)
    await bundleChild(new URL(`${name}/src/index.ts`, packages), join(own, name), 'better-sqlite3');
  return {
    main,
    install(world, name) {
      const from = fileURLToPath(new URL(name, packages));
      const { ihandler, version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
      const built = readFileSync(join(own, name, 'index.js'), 'utf8');
      const files: Record<string, string> = { 'index.js': built };
      if (existsSync(join(from, 'origins.json')))
        files['origins.json'] = readFileSync(join(from, 'origins.json'), 'utf8');
      world.install(`@ihandler/${name}`, { version, ihandler, main: './index.js' }, files);
      const library = join(world.folder, 'node_modules/better-sqlite3');
      mkdirSync(dirname(library), { recursive: true });
      if (!existsSync(library)) symlinkSync(join(from, 'node_modules/better-sqlite3'), library);
    },
    start(world, argv, user, nodeOptions = []) {
      const program = startNode(world, [...nodeOptions, main, ...argv], user);
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
