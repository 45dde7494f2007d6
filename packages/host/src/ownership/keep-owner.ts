import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { HostPlan } from '../assembly/host-plan.ts';
import type { RequestedEntry } from '../assembly/load-handlers.ts';
import { handlerResources } from '../diagnosis/resources.ts';
import { journalFile } from './act-as-owner.ts';
import { folderOwner } from './folder-owner.ts';

/** How deep the data folder is searched: `<instance>/<file>` and one more. */
const DEPTH = 3;
/** The pause between two searches, in milliseconds, and at least this many times what a search takes. */
const PAUSE = 15_000;
const PAUSES = 50;

/** Gives the owner of a folder what root creates there. */
export interface OwnerKeeper {
  keep(): void;
  /** Keeps once more, and ends. */
  close(): void;
}

function entriesIn(folder: string, depth: number): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() && depth > 1 ? [path, ...entriesIn(path, depth - 1)] : [path];
    });
  } catch {
    return []; // It does not exist yet.
  }
}

/** Identifies a file of root, so that one that replaced another differs; undefined for a file of another user. */
function rootFile(path: string): string | undefined {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status?.uid === 0 ? `${status.dev}:${status.ino}` : undefined;
}

/** Gives a file, folder or socket of root the owner of the folder around it. Follows no links. */
function adopt(path: string): void {
  const parent = statSync(dirname(path));
  if (parent.uid === 0) return;
  if (lstatSync(path).isSocket()) {
    lchownSync(path, parent.uid, parent.gid);
    return;
  }
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const status = fstatSync(file);
    // A further link to a file of root would give that file away.
    const isOwn = status.isDirectory() || (status.isFile() && status.nlink === 1);
    if (isOwn && status.uid === 0) fchownSync(file, parent.uid, parent.gid);
  } finally {
    closeSync(file);
  }
}

/**
 * Remembers the files of root in the folders of a plan. From then on, every few seconds and at the end, what is new there
 * and belongs to root gets the owner of its folder: a command that root runs in the folder of a service must not lock the
 * service out. Does nothing for other users, and where all folders belong to root.
 */
export async function createOwnerKeeper(
  plan: HostPlan,
  added: readonly RequestedEntry[] = [],
): Promise<OwnerKeeper> {
  const idle = { keep() {}, close() {} };
  if (process.geteuid?.() !== 0) return idle;
  const written = handlerResources(plan, added).flatMap(({ target, access }) =>
    typeof target === 'string' && access === 'write' ? [target] : [],
  );
  const journal = await journalFile(plan);
  const folders = new Set([...written, ...(journal === undefined ? [] : [journal])].map(dirname));
  const list = () => [
    plan.dataDir,
    ...entriesIn(plan.dataDir, DEPTH),
    ...[...folders].flatMap((folder) => entriesIn(folder, 1)),
  ];
  if ([plan.dataDir, ...folders].every((folder) => folderOwner(folder)?.uid === 0)) return idle;
  const before = new Set(list().map(rootFile));
  const keep = () => {
    for (const path of list()) {
      const id = rootFile(path);
      if (id === undefined || before.has(id)) continue;
      try {
        adopt(path);
      } catch {
        // A link, or gone by now.
      }
    }
  };
  let timer: NodeJS.Timeout;
  const later = (pause: number) => {
    timer = setTimeout(() => {
      const began = performance.now();
      keep();
      later(Math.max(PAUSE, PAUSES * (performance.now() - began)));
    }, pause).unref();
  };
  later(PAUSE);
  return {
    keep,
    close() {
      clearTimeout(timer);
      keep();
    },
  };
}
