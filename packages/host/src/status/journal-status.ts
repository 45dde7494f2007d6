import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JournalView } from '@ihandler/core';
import type { LoadedJournal } from '../assembly/load-journal.ts';
import type { JournalStatus } from './host-status.ts';

/** How long the status is cached, in milliseconds: health and metrics may be requested often. */
const GOOD_FOR = 5000;

/** The space left for this user on the disk of a file, which may not exist yet, in bytes; undefined when it is unknown. */
export function freeDisk(file: string): number | undefined {
  try {
    let folder = dirname(file);
    while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder);
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    // The system does not provide the figure.
    return undefined;
  }
}

/** The status of a journal, from a view of it. */
export function viewStatus(
  { name, file }: Pick<LoadedJournal, 'name' | 'file'>,
  view: Pick<JournalView, 'where' | 'bounds' | 'size'>,
): JournalStatus {
  const { before, last } = view.bounds();
  const { bytes, limit } = view.size();
  const free = file === undefined ? undefined : freeDisk(file);
  return { name, where: view.where, entries: last - before, bytes, limit, free: free ?? null };
}

function look({ name, file, module, options, journal }: LoadedJournal): JournalStatus {
  const { before, last } = journal.bounds();
  const free = file === undefined ? undefined : freeDisk(file);
  const without = { name, where: file ?? null, entries: last - before, bytes: null, limit: null };
  try {
    const view = module?.view?.(options);
    if (view === undefined) return { ...without, free: free ?? null };
    try {
      return viewStatus({ name, file }, view);
    } finally {
      view.close();
    }
  } catch {
    // This process has it open: a view that fails for a moment does not matter.
    return { ...without, free: free ?? null };
  }
}

/** The status of the journal that this process has open, refreshed at most every few seconds. */
export function watchJournal(loaded: LoadedJournal): () => JournalStatus {
  let last: JournalStatus | undefined;
  let at = 0;
  return () => {
    if (last === undefined || performance.now() - at > GOOD_FOR) {
      last = look(loaded);
      at = performance.now();
    }
    const { before, last: newest } = loaded.journal.bounds();
    return { ...last, entries: newest - before };
  };
}
