import { resolve } from 'node:path';
import type { HostPlan } from '../assembly/host-plan.ts';
import { isLocal, type RequestedEntry } from '../assembly/load-handlers.ts';
import { hasProblems, loadJournal } from '../assembly/load-journal.ts';
import { requestedEntries } from '../assembly/requested-handlers.ts';
import { handlerResources, liveResources } from '../diagnosis/resources.ts';
import { healthAddress } from '../status/health-server.ts';
import { canRead, canWrite, type FolderOwner, folderOwner } from './folder-owner.ts';

/** Only root may listen on a port below this one. */
const FIRST_FREE_PORT = 1024;

/** What a command needs beside what the configuration names. */
export interface Needs {
  /** Whether it runs the live sources. */
  readonly isLive?: boolean;
  /** Files that it reads. Absolute. */
  readonly reads?: readonly string[];
  /** Files that it writes. Absolute. */
  readonly writes?: readonly string[];
  /** Handlers beside those of the configuration. */
  readonly added?: readonly RequestedEntry[];
}

/** `process` where the system has users; the types of Node leave this function out. */
const posix: NodeJS.Process & { initgroups?(user: number, extraGroup: number): void } = process;

/** Makes root act as another user, with its groups. Returns a function that makes it root again. */
function become({ uid, gid }: FolderOwner): () => void {
  const before = { groups: process.getgroups?.() ?? [], gid: process.getegid?.() ?? 0 };
  try {
    posix.initgroups?.(uid, gid);
  } catch {
    process.setgroups?.([gid]); // a user without an entry in /etc/passwd
  }
  process.setegid?.(gid);
  process.seteuid?.(uid);
  return () => {
    process.seteuid?.(0);
    process.setegid?.(before.gid);
    process.setgroups?.(before.groups);
  };
}

/** What a command needs and the effective user cannot use, for people; undefined when it can use all. */
function missing(plan: HostPlan, journal: string | undefined, needs: Needs): string | undefined {
  const { configuration, context, dataDir, world } = plan;
  const live = needs.isLive ? liveResources(plan, 'sensor') : [];
  const ports = [
    ...live.flatMap(({ target }) => (typeof target === 'object' ? [target.port] : [])),
    ...(needs.isLive ? [healthAddress(configuration)?.port ?? 0] : []),
  ];
  const privileged = ports.find((port) => port > 0 && port < FIRST_FREE_PORT);
  if (privileged !== undefined) return `port ${privileged}`;
  const resources = [...handlerResources(plan, needs.added), ...live];
  const paths = (wanted: 'read' | 'write') =>
    resources.flatMap(({ target, access }) =>
      typeof target === 'string' && access === wanted ? [target] : [],
    );
  const code = [
    ...context.installed.packages.map(({ folder }) => folder),
    ...[...requestedEntries(plan), ...(needs.added ?? [])].flatMap(({ entry }) =>
      isLocal(entry.name) ? [resolve(entry.folder ?? context.folder, entry.name)] : [],
    ),
  ];
  const followed = new Set(live.map(({ target }) => target));
  return (
    [...code, world.prefix, ...paths('read'), ...(needs.reads ?? [])].find(
      (path) => !canRead(path, followed.has(path)),
    ) ??
    [dataDir, ...(journal === undefined ? [] : [journal]), ...paths('write'), ...(needs.writes ?? [])].find(
      (path) => !canWrite(path),
    )
  );
}

/** The file of the journal, if it is known. */
export async function journalFile(plan: HostPlan): Promise<string | undefined> {
  const loaded = await loadJournal(plan);
  return hasProblems(loaded) ? undefined : loaded.file;
}

/**
 * Makes root act as the owner of the data folder, so that all that it creates belongs to that user: a command of root must
 * not lock a service out. Returns a function that ends this; undefined when it is not needed, or when the owner cannot use
 * all that the command needs, such as a file that only root can read.
 */
export async function actAsOwner(plan: HostPlan, needs: Needs): Promise<(() => void) | undefined> {
  const owner = folderOwner(plan.dataDir);
  if (process.geteuid?.() !== 0 || process.seteuid === undefined || owner === undefined || owner.uid === 0)
    return undefined;
  const journal = await journalFile(plan);
  const stop = become(owner);
  const lacks = missing(plan, journal, needs);
  if (lacks === undefined) return stop;
  stop();
  plan.world.log().info('staying root: the owner of the data folder cannot use what this needs', {
    owner: owner.uid,
    needs: lacks,
  });
  return undefined;
}
