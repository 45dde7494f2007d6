import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Handler } from '@ihandler/core';
import { createHost, loadConfiguration } from '@ihandler/host';
import { bundleChildren } from '../bundle-child.ts';

const root = new URL('../../../', import.meta.url);

/** The limits of an isolated handler: bytes and milliseconds. */
export interface Limits {
  readonly memory?: number;
  readonly timeout?: number;
}

/** A folder with handlers, bundled so that Node runs them in worker threads. */
export interface IsolatedHandlers {
  readonly folder: string;
  /** Writes a handler as JavaScript. */
  write(name: string, code: string): void;
  /** Creates a handler by its name; isolated unless `isolate` is false. */
  create(name: string, options?: object, isolate?: boolean | Limits): Promise<Handler>;
  remove(): void;
}

/** Bundles the program of the threads and these packages of the workspace. Call {@link IsolatedHandlers.remove} afterwards. */
export async function bundleHandlers(packages: readonly string[] = []): Promise<IsolatedHandlers> {
  const folder = mkdtempSync(join(tmpdir(), 'ihandler-isolated-'));
  mkdirSync(join(folder, 'node_modules'));
  const library = fileURLToPath(new URL('packages/journal-sqlite/node_modules/better-sqlite3', root));
  symlinkSync(library, join(folder, 'node_modules/better-sqlite3'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'ihandler.yaml'), 'sensor: test\n');
  const entries = packages.map((name) => [name, new URL(`packages/${name}/src/index.ts`, root)] as const);
  const worker = new URL('packages/host/src/isolation/worker.ts', root);
  await bundleChildren({ worker, ...Object.fromEntries(entries) }, folder, 'better-sqlite3', 'pg-native');
  const world = { cwd: folder, prefix: folder, env: {}, worker: pathToFileURL(join(folder, 'worker.js')) };
  const host = createHost(await loadConfiguration(join(folder, 'ihandler.yaml'), world), world);
  return {
    folder,
    write: (name, code) => writeFileSync(join(folder, `${name}.js`), code),
    async create(name, options = {}, isolate = true) {
      const entry = { name: join(folder, `${name}.js`), config: { ...options }, isolate };
      return (await host.loadHandler(entry)).handler;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
