import { cpSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Handler } from '@ihandler/core';
import { createDisk, type Disk } from '../disk.ts';
import { inTime } from './in-time.ts';
import { createLife, type Life, type LifeOptions } from './life.ts';

/**
 * Makes a fresh handler whose storage, if it has one, is in `folder`, which is there and empty. It is given the same folder
 * again where the suite acts as a restart: then the handler must find what the one before has stored.
 */
export type HandlerFactory = (folder: string) => Handler | Promise<Handler>;

/** A folder for the handler and a disk for the journal, which outlive processes. */
export interface World {
  /** What the factory is given. */
  readonly folder: string;
  readonly disk: Disk;
  /** Starts a process with a new handler, or with one that has lived before. */
  live(options?: LifeOptions, again?: Handler): Promise<Life>;
  /** Ends a process as if the machine had lost its power: the files are as they are now, whatever `close` does to them. */
  kill(life: Life): Promise<void>;
}

/** What can be copied: not the sockets and pipes that die with their process. */
function isStored(path: string): boolean {
  const stat = lstatSync(path);
  return stat.isFile() || stat.isDirectory() || stat.isSymbolicLink();
}

/** Makes a world, lets `run` happen in it, and removes it with all that still lives there. */
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
      // Only so that its locks and handles are gone, as those of a dead process are.
      await inTime(Promise.resolve(life.handler.close?.()), 'close()', patience);
    } catch {
      // Nobody is left to be told: the process is dead.
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
