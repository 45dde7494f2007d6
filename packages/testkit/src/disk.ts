import {
  type Cursor,
  createIncident,
  type DeadLetter,
  type ForgetResult,
  type Incident,
  type Journal,
  type JournalStep,
  type MaybePromise,
  parseIncidentId,
  type SourceMark,
  type Value,
} from '@ihandler/core';

/** A point at which a journal may fail: just before or just after the data is on the disk. */
export type JournalPoint = 'append' | 'appended' | 'commit' | 'committed' | 'forget' | 'forgotten';

/**
 * Called at each point and awaited. When it throws, the journal rejects with that error: `ENOSPC` before a point, a lost reply
 * after it. A promise that never settles simulates the death of the process: see {@link createCrash}.
 */
export type AtPoint<Point extends string = JournalPoint> = (point: Point) => MaybePromise<void>;

/** The data of a durable journal, in memory. It outlives the journals opened on it, as a disk outlives processes. */
export interface Disk {
  /** Everything ever appended, including reports of handlers. */
  readonly log: readonly Incident[];
  /** By instance. */
  readonly cursors: ReadonlyMap<string, Cursor>;
  readonly deadLetters: readonly DeadLetter[];
  /** The states of sources, by instance. */
  readonly states: ReadonlyMap<string, Value>;
  /** Removes every entry up to a position, as retention does, also entries that are still pending. */
  forget(upTo: number): void;
  /** Makes the journal of one process on this disk. It is `durable`; `at` injects faults. */
  journal(at?: AtPoint): Journal;
}

/** Options of {@link createDisk}. */
export interface DiskOptions {
  /** Milliseconds since the Unix epoch, for the time of acceptance. @default Date.now */
  readonly now?: () => number;
}

/** Selects incidents with new ids. It remembers every id: a dead letter that is handled late reports an older ordinal. */
function createFilter() {
  const known = new Set<string>();
  const highest = new Map<string, number>();
  return {
    highest: (stream: string) => highest.get(stream),
    take(batch: readonly Incident[]): readonly Incident[] {
      const ids = batch.map(({ id }) => parseIncidentId(id)); // throws before any id is remembered
      return batch.filter(({ id }, index) => {
        if (known.has(id)) return false;
        const { stream, ordinal } = ids[index] ?? { stream: '', ordinal: -1 };
        known.add(id);
        highest.set(stream, Math.max(ordinal, highest.get(stream) ?? -1));
        return true;
      });
    },
  };
}

/** Makes an empty disk. */
export function createDisk({ now = Date.now }: DiskOptions = {}): Disk {
  const log: Incident[] = [];
  const times: number[] = [];
  const cursors = new Map<string, Cursor>();
  const states = new Map<string, Value>();
  const dead: DeadLetter[] = [];
  const known = createFilter();
  let before = 0;

  function append(incidents: readonly Incident[], mark?: SourceMark) {
    const run = { before: log.length, incidents: known.take(incidents) };
    for (const incident of run.incidents) {
      log.push(incident);
      times.push(now());
    }
    if (mark !== undefined) states.set(mark.source, mark.state);
    return run;
  }

  function keepDead(isKept: (letter: DeadLetter) => boolean): void {
    dead.splice(0, dead.length, ...dead.filter(isKept));
  }

  function commit({ instance, cursor, deadLetters, settled = [], reports, mark }: JournalStep) {
    const run = append(reports, mark); // first: when it throws, nothing has changed
    cursors.set(instance, cursor);
    const gone = new Set([...settled, ...deadLetters.map(({ position }) => position)]);
    keepDead((letter) => letter.instance !== instance || !gone.has(letter.position));
    dead.push(...deadLetters);
    dead.sort((a, b) => a.position - b.position);
    return run;
  }

  function dropOne(instance: string): void {
    const cursor = cursors.get(instance);
    if (cursor === undefined) return;
    const { counts } = cursor;
    const changed = { dead: counts.dead - 1, dropped: counts.dropped + 1 };
    cursors.set(instance, { ...cursor, counts: { ...counts, ...changed } });
  }

  function forget(matches: (incident: Incident) => boolean): ForgetResult {
    let entries = 0;
    for (let at = before; at < log.length; at += 1) {
      const incident = log[at];
      if (incident === undefined || !matches(incident)) continue;
      const { id, timestamp, sensor } = incident;
      log[at] = createIncident({ id, origin: 'ihandler.incident.forgotten', timestamp, sensor, data: {} });
      entries += 1;
    }
    const gone = dead.filter(({ incident }) => matches(incident));
    for (const { instance } of gone) dropOne(instance);
    keepDead(({ incident }) => !matches(incident));
    return { entries, deadLetters: gone.length };
  }

  return {
    log,
    cursors,
    deadLetters: dead,
    states,
    forget(upTo) {
      before = Math.min(Math.max(before, upTo), log.length);
    },
    journal: (at = () => undefined) => ({
      name: 'disk',
      durable: true,
      open() {},
      close() {},
      bounds: () => ({ before, last: log.length }),
      async append(incidents, mark) {
        await at('append');
        const run = append(incidents, mark);
        await at('appended');
        return run;
      },
      sourceState: (source) => states.get(source),
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
      acceptedAt: (position) => (position > before ? times[position - 1] : undefined),
      positionBefore(acceptedAt) {
        const found = times.findIndex((time, index) => index >= before && time >= acceptedAt);
        return found === -1 ? log.length : found;
      },
      async forget(matches) {
        await at('forget');
        const forgotten = forget(matches);
        await at('forgotten');
        return forgotten;
      },
    }),
  };
}

/** A simulated process that dies at a point. From then on all its steps hang for ever. */
export interface Crash {
  /** Pass it to {@link Disk.journal}. */
  readonly at: AtPoint<string>;
  /** Resolves when the process is dead. */
  readonly died: Promise<void>;
  readonly isDead: () => boolean;
}

/** Makes a process die at its n-th visit of a point of any kind. */
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

/** Makes a process die at its journal's n-th visit of a point. Note that the first commit of a new instance creates its cursor. */
export function createCrash(where: JournalPoint, nth = 1): Crash {
  return createCrashAt(where, nth);
}
