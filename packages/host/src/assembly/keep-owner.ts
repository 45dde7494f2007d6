import { closeSync, constants, fchownSync, fstatSync, openSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { handlerResources } from '../diagnosis/resources.ts';
import type { HostPlan } from './host-plan.ts';

/** How deep the data folder is searched: `<instance>/<file>` and one more. */
const DEPTH = 3;

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

/** Gives a new file or folder of root the owner of the folder around it. Follows no links. */
function adopt(path: string): void {
  const parent = statSync(dirname(path));
  if (parent.uid === 0) return;
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
 * Remembers what is in the folders of a plan. The result gives what is new there, and belongs to root, to the owner of its
 * folder: a command that root runs in the folder of a service must not lock the service out. Does nothing for other users.
 */
export function ownerKeeper(plan: HostPlan): () => void {
  if (process.geteuid?.() !== 0) return () => undefined;
  const folders = new Set(
    handlerResources(plan).flatMap(({ target, access }) =>
      typeof target === 'string' && access === 'write' ? [dirname(target)] : [],
    ),
  );
  const list = () => [
    ...entriesIn(plan.dataDir, DEPTH),
    ...[...folders].flatMap((folder) => entriesIn(folder, 1)),
  ];
  const before = new Set(list());
  return () => {
    for (const path of list())
      if (!before.has(path))
        try {
          adopt(path);
        } catch {
          // A socket, a link, or gone by now.
        }
  };
}
