import { cpSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Handler } from '@ihandler/core';
import { createDisk, type Disk } from '../disk.ts';
import { inTime } from './in-time.ts';
import { createLife, type Life, type LifeOptions } from './life.ts';

/**
 * Makes a new handler that stores its data, if any, in `folder`. The folder exists and is empty at first. To simulate a restart
 * the suite passes the same folder again: the handler must then find what its predecessor has stored.
 */
export type HandlerFactory = (folder: string) => Handler | Promise<Handler>;

/** A folder for the handler and a disk for the journal, which outlive simulated processes. */
export interface World {
  /** The folder passed to the factory. */
  readonly folder: string;
  readonly disk: Disk;
  /** Starts a process with a new handler, or with the handler of an earlier process. */
  live(options?: LifeOptions, again?: Handler): Promise<Life>;
  /** Ends a process like a power failure: the files stay as they are now, whatever `close` does to them. */
  kill(life: Life): Promise<void>;
}

/** Whether a path can be copied: sockets and pipes end with their process. */
function isStored(path: string): boolean {
  const stat = lstatSync(path);
  return stat.isFile() || stat.isDirectory() || stat.isSymbolicLink();
}

/** Makes a world, runs `run` in it, closes all its processes and removes it. */
export async function inWorld(
  factory: HandlerFactory,
  patience: number,
  run: (world: World) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'ihandler-conformance-'));
  const files = join(root, 'files');
  const folder = join(files, 'handler');
  mkdirSync(folder, { recursive: true });
  const disk = createDisk();
  const lives = new Set<Life>();

  async function live(options?: LifeOptions, again?: Handler): Promise<Life> {
    const handler = again ?? (await factory(folder));
    const life = createLife({ handler, disk, dataDir: join(files, 'data'), patience }, options);
    lives.add(life);
    await life.start();
    return life;
  }

  async function kill(life: Life): Promise<void> {
    const [copy, old] = [join(root, 'copy'), join(root, 'old')];
    lives.delete(life);
    cpSync(files, copy, {
      recursive: true,
      verbatimSymlinks: true,
      preserveTimestamps: true,
      filter: isStored,
    });
    try {
      // Releases locks and handles, as the death of a process does.
      await inTime(Promise.resolve(life.handler.close?.()), 'close()', patience);
    } catch {
      // The process counts as dead: its errors do not matter.
    }
    renameSync(files, old);
    renameSync(copy, files);
    rmSync(old, { recursive: true, force: true, maxRetries: 3 });
  }

  try {
    await run({ folder, disk, live, kill });
  } finally {
    for (const life of lives) await life.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  }
}
