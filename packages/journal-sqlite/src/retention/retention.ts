import type { Settings } from '../options.ts';
import type { Store } from '../write/store.ts';

/** The longest slice of work, in milliseconds. */
const SLICE = 10;
/** Entries to delete between two looks at the clock. */
const STEP = 100;
/** Pages to return to the file system between two looks at the clock. */
const VACUUM_STEP = 64;
/** Milliseconds until the next slice, when there is more to do and when there is not. */
const [SOON, LATER] = [20, 60_000];
/** Milliseconds from a write to the next check of the size. */
const CHECK_AFTER_WRITE = 1000;
/** Free pages that stay in the file for new entries: a tenth of the file, and at least this many. */
const SPARE_PAGES = 256;
/** The part of `maxSize` to which an oversized journal shrinks. */
const SHRINK_TO = 0.95;
/** The value of `auto_vacuum` in a file that can return pages. */
const INCREMENTAL = 2;

/** Deletes entries that are too old or too many, in slices between turns of the event loop. */
export interface Retention {
  /** Allows entries up to a position to be deleted by age: every instance has handled them. */
  release(upTo: number): void;
  /** Schedules a check of the size. Call it after a write. */
  afterWrite(): void;
  close(): void;
}

/** The clock of a retention, and a callback. */
export interface RetentionHost {
  readonly now: () => number;
  /** Called at least once a minute. */
  readonly tick: () => void;
}

/** Starts retention, on a timer that does not keep the process alive. */
export function createRetention(
  { db, entries, acceptance, access }: Store,
  { keep, maxSize }: Pick<Settings, 'keep' | 'maxSize'>,
  { now, tick }: RetentionHost,
): Retention {
  const pragma = (name: string) => Number(db.pragma(name, { simple: true }));
  const pageSize = pragma('page_size');
  // A journal created by version 1 only reuses free pages until it is compacted.
  const shrinks = pragma('auto_vacuum') === INCREMENTAL;
  let released = 0;
  let shrinkTo = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let isSoon = true;
  let isClosed = false;

  const livePages = db
    .prepare<[], number>('SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count')
    .pluck();

  /** The position up to which entries are old enough to be deleted. */
  function expired(): number {
    const { before, last } = entries.bounds();
    if (before >= Math.min(released, last)) return before;
    // A younger entry keeps all entries after it, even if the clock was wrong: positions have no gaps.
    return Math.min(released, acceptance.positionBefore(now() - keep) ?? last);
  }

  function isTooLarge(): boolean {
    const bytes = (livePages.get() ?? 0) * pageSize;
    if (bytes > maxSize) shrinkTo = maxSize * SHRINK_TO;
    else if (bytes <= shrinkTo) shrinkTo = Number.POSITIVE_INFINITY;
    return bytes > shrinkTo;
  }

  /** Deletes some entries. Returns whether there may be more to delete. */
  function deleteSome(): boolean {
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

  /** Returns some free pages to the file system. Returns whether there are more. */
  function shrinkFile(): boolean {
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
      return deleteSome() || shrinkFile();
    } catch {
      // The next write of incidents reports a full or failing disk. Retention retries in a minute.
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
      schedule(CHECK_AFTER_WRITE);
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
