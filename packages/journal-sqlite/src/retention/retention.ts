import type { Settings } from '../options.ts';
import type { Store } from '../write/store.ts';

/** How long one slice of work may take, in milliseconds. */
const SLICE = 10;
/** Entries that are removed before the clock is looked at again. */
const STEP = 100;
/** Pages that are given back before the clock is looked at again. */
const VACUUM_STEP = 64;
/** Between two slices when there is more to do, and when there is not, in milliseconds. */
const [SOON, LATER] = [20, 60_000];
/** How soon after something was written the size is looked at, in milliseconds. */
const LOOK_AFTER = 1000;
/** Free pages that stay in the file for what comes next: a tenth of it, and at least these. */
const SPARE_PAGES = 256;
/** What is left of the size when it has been exceeded. */
const REST = 0.95;
const INCREMENTAL = 2;

/** Removes entries that are too old or too many, in slices between turns of the event loop. */
export interface Retention {
  /** Everything up to a position has been handled by every instance. */
  release(upTo: number): void;
  /** To be called after something was written: soon the size is looked at. */
  afterWrite(): void;
  close(): void;
}

/** What retention is told beside the settings. */
export interface RetentionHost {
  readonly now: () => number;
  /** Called at least once a minute. */
  readonly tick: () => void;
}

/** Begins at once, on a timer that keeps no process alive. */
export function createRetention(
  { db, entries, acceptance, access }: Store,
  { keep, maxSize }: Pick<Settings, 'keep' | 'maxSize'>,
  { now, tick }: RetentionHost,
): Retention {
  const pragma = (name: string) => Number(db.pragma(name, { simple: true }));
  const pageSize = pragma('page_size');
  // A journal that began as version 1 gives no pages back, until it is compacted; it uses them again.
  const shrinks = pragma('auto_vacuum') === INCREMENTAL;
  let released = 0;
  let shrinkTo = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let isSoon = true;
  let isClosed = false;

  const livePages = db
    .prepare<[], number>('SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count')
    .pluck();

  /** Up to where entries are to go, for their age. */
  function expired(): number {
    const { before, last } = entries.bounds();
    if (before >= Math.min(released, last)) return before;
    // An entry that is not old yet, by whatever clock, keeps those after it: positions have no gaps.
    return Math.min(released, acceptance.positionBefore(now() - keep) ?? last);
  }

  function isTooLarge(): boolean {
    const bytes = (livePages.get() ?? 0) * pageSize;
    if (bytes > maxSize) shrinkTo = maxSize * REST;
    else if (bytes <= shrinkTo) shrinkTo = Number.POSITIVE_INFINITY;
    return bytes > shrinkTo;
  }

  /** Removes some entries. Whether there may be more to remove. */
  function remove(): boolean {
    const upTo = expired();
    if (entries.bounds().before >= upTo && !isTooLarge()) return false;
    const end = performance.now() + SLICE;
    return access.write(() => {
      for (;;) {
        const { before, last } = entries.bounds();
        const goal = Math.min(before + STEP, isTooLarge() ? last : upTo);
        if (goal <= before) return false;
        entries.removeUpTo(goal);
        if (performance.now() > end) return true;
      }
    });
  }

  /** Gives some free pages back to the file system. Whether there are more. */
  function giveBack(): boolean {
    if (!shrinks) return false;
    const end = performance.now() + SLICE;
    for (;;) {
      const spare = Math.max(SPARE_PAGES, pragma('page_count') / 10);
      const free = pragma('freelist_count');
      if (free <= spare) return false;
      access.write(() => db.pragma(`incremental_vacuum(${VACUUM_STEP})`));
      if (pragma('freelist_count') >= free) return false;
      if (performance.now() > end) return true;
    }
  }

  function slice(): boolean {
    try {
      return remove() || giveBack();
    } catch {
      // A full or failing disk is told to whoever writes; here it is tried again in a minute.
      return false;
    }
  }

  function schedule(delay: number): void {
    clearTimeout(timer);
    timer = setTimeout(run, delay);
    timer.unref();
  }

  function run(): void {
    if (access.failure() !== undefined) return;
    tick();
    const isMore = slice();
    isSoon = isMore;
    schedule(isMore ? SOON : LATER);
  }

  schedule(SOON);
  return {
    release(upTo) {
      released = Math.max(released, upTo);
    },
    afterWrite() {
      if (isClosed || isSoon) return;
      isSoon = true;
      schedule(LOOK_AFTER);
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
