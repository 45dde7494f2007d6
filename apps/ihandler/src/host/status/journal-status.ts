import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { JournalView } from '@ihandler/core';
import type { ChosenJournal } from '../assembly/load-journal.ts';
import type { JournalStatus } from './host-status.ts';

/** How long an answer is good, in milliseconds: health and metrics may be asked often. */
const GOOD_FOR = 5000;

/** The room left for this user on the disk of a file, in bytes; undefined when the system does not say. */
export function freeDisk(file: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return bavail * bsize;
  } catch {
    // A file that is not there yet, or a system without such numbers: then nobody knows.
    return undefined;
  }
}

/** What a view of the journal says of its size. */
export function viewStatus(
  { name, file }: Pick<ChosenJournal, 'name' | 'file'>,
  view: Pick<JournalView, 'where' | 'bounds' | 'size'>,
): JournalStatus {
  const { before, last } = view.bounds();
  const { bytes, limit } = view.size();
  const free = file === undefined ? undefined : freeDisk(file);
  return { name, where: view.where, entries: last - before, bytes, limit, free: free ?? null };
}

function look({ name, file, module, options, journal }: ChosenJournal): JournalStatus {
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
    // It is open in this very process: that it cannot be looked into for a moment is no news.
    return { ...without, free: free ?? null };
  }
}

/** What is known of a journal that this process has open; looks at most every few seconds. */
export function watchJournal(chosen: ChosenJournal): () => JournalStatus {
  let last: JournalStatus | undefined;
  let at = 0;
  return () => {
    if (last === undefined || performance.now() - at > GOOD_FOR) {
      last = look(chosen);
      at = performance.now();
    }
    const { before, last: newest } = chosen.journal.bounds();
    return { ...last, entries: newest - before };
  };
}
