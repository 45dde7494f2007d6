import {
  type Cursor,
  type DeadLetter,
  type Incident,
  type Journal,
  type JournalStep,
  type MaybePromise,
  parseIncidentId,
} from '@ihandler/core';

/** Where a journal may fail: just before and just after what it is told is on the disk. */
export type JournalPoint = 'append' | 'appended' | 'commit' | 'committed';

/**
 * Called at each point and awaited. What it throws, the journal answers (`ENOSPC` before, a lost reply after); a promise
 * that never settles is a process that died there: see {@link createCrash}.
 */
export type AtPoint<Point extends string = JournalPoint> = (point: Point) => MaybePromise<void>;

/** What a durable journal keeps, in memory: it outlives the journals made on it, as a disk outlives processes. */
export interface Disk {
  /** Everything that was ever appended, reports of handlers included. */
  readonly log: readonly Incident[];
  /** By instance. */
  readonly cursors: ReadonlyMap<string, Cursor>;
  readonly deadLetters: readonly DeadLetter[];
  /** Lets everything up to a position go, whoever still waits for it, as retention does. */
  forget(upTo: number): void;
  /** A journal of one process, which says that it is durable; `at` injects its faults. */
  journal(at?: AtPoint): Journal;
}

/** Keeps those whose ids are new: ordinals rise within a stream. */
function createFilter() {
  const highest = new Map<string, number>();
  return {
    highest: (stream: string) => highest.get(stream),
    take(batch: readonly Incident[]): readonly Incident[] {
      const ids = batch.map(({ id }) => parseIncidentId(id)); // all, before any of them counts
      return batch.filter((_, index) => {
        const { stream, ordinal } = ids[index] ?? { stream: '', ordinal: -1 };
        if (ordinal <= (highest.get(stream) ?? -1)) return false;
        highest.set(stream, ordinal);
        return true;
      });
    },
  };
}

/** Makes an empty disk. */
export function createDisk(): Disk {
  const log: Incident[] = [];
  const cursors = new Map<string, Cursor>();
  const dead: DeadLetter[] = [];
  const known = createFilter();
  let before = 0;

  function append(incidents: readonly Incident[]) {
    const run = { before: log.length, incidents: known.take(incidents) };
    log.push(...run.incidents);
    return run;
  }

  function commit(step: JournalStep) {
    const run = append(step.reports); // first, because it may throw: then nothing has happened
    cursors.set(step.instance, step.cursor);
    dead.push(...step.deadLetters);
    return run;
  }

  return {
    log,
    cursors,
    deadLetters: dead,
    forget(upTo) {
      before = Math.min(Math.max(before, upTo), log.length);
    },
    journal: (at = () => undefined) => ({
      name: 'disk',
      durable: true,
      open() {},
      close() {},
      bounds: () => ({ before, last: log.length }),
      async append(incidents) {
        await at('append');
        const run = append(incidents);
        await at('appended');
        return run;
      },
      read(after, limit) {
        const from = Math.max(after, before);
        return { before: from, incidents: log.slice(from, from + limit) };
      },
      highest: known.highest,
      cursor: (instance) => cursors.get(instance),
      async commit(step) {
        await at('commit');
        const run = commit(step);
        await at('committed');
        return run;
      },
      deadLetters: (instance, after = 0, limit = Number.POSITIVE_INFINITY) =>
        dead.filter((letter) => letter.instance === instance && letter.position > after).slice(0, limit),
      release() {},
    }),
  };
}

/** A process that dies at a point of its life. What it goes on doing after that never happens: its steps hang for ever. */
export interface Crash {
  /** Give it to {@link Disk.journal}. */
  readonly at: AtPoint<string>;
  /** Resolves when the process is dead. */
  readonly died: Promise<void>;
  readonly isDead: () => boolean;
}

/** Makes a process die when it comes to a point of any kind for the n-th time. */
export function createCrashAt(where: string, nth: number): Crash {
  let left = nth;
  let tell = () => {};
  const died = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return {
    at(point) {
      if (left > 0 && point === where) left -= 1;
      if (left > 0) return undefined;
      tell();
      return new Promise(() => {});
    },
    died,
    isDead: () => left === 0,
  };
}

/** Makes a process die when its journal comes to a point for the n-th time. */
export function createCrash(where: JournalPoint, nth = 1): Crash {
  return createCrashAt(where, nth);
}
