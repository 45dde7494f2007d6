import { createIncident } from '../create-incident.ts';
import type { Incident, Value } from '../incident.ts';
import { parseIncidentId } from '../incident-id.ts';
import type { Cursor, DeadLetter, Forgotten, Journal, JournalStep, SourceMark } from '../journal.ts';

/** What a durable journal keeps, in memory: it outlives the journals made on it, as a disk outlives processes. */
export interface Disk {
  /** Everything that was ever appended. */
  readonly log: readonly Incident[];
  readonly cursors: ReadonlyMap<string, Cursor>;
  readonly dead: readonly DeadLetter[];
  /** What sources kept. */
  readonly states: ReadonlyMap<string, Value>;
  highest(stream: string): number | undefined;
  /** Lets everything up to a position go, whoever still waits for it. */
  forget(upTo: number): void;
  /** A journal of one process; `step` is awaited before and after each append and commit. */
  journal(step?: () => Promise<void> | undefined): Journal;
}

/** Knows ids exactly: a dead letter that is handled later reports an older ordinal. */
function createExactIds() {
  const known = new Set<string>();
  const highest = new Map<string, number>();
  return {
    highest: (stream: string) => highest.get(stream),
    take(batch: readonly Incident[]): readonly Incident[] {
      const ids = batch.map(({ id }) => parseIncidentId(id)); // all, before any of them counts
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
export function createDisk(now: () => number = Date.now): Disk {
  const log: Incident[] = [];
  const times: number[] = [];
  const cursors = new Map<string, Cursor>();
  const states = new Map<string, Value>();
  const dead: DeadLetter[] = [];
  const known = createExactIds();
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

  function commit({ instance, cursor, deadLetters, settled = [], reports }: JournalStep) {
    const run = append(reports); // first, because it may throw: then nothing has happened
    cursors.set(instance, cursor);
    const gone = new Set([...settled, ...deadLetters.map(({ position }) => position)]);
    keepDead((letter) => letter.instance !== instance || !gone.has(letter.position));
    dead.push(...deadLetters);
    dead.sort((a, b) => a.position - b.position);
    return run;
  }

  function drop(instance: string, count: number): void {
    const cursor = cursors.get(instance);
    if (cursor === undefined) return;
    const { books } = cursor;
    const changed = { dead: books.dead - count, dropped: books.dropped + count };
    cursors.set(instance, { ...cursor, books: { ...books, ...changed } });
  }

  function forget(matches: (incident: Incident) => boolean): Forgotten {
    let entries = 0;
    for (let at = before; at < log.length; at += 1) {
      const incident = log[at];
      if (incident === undefined || !matches(incident)) continue;
      const { id, timestamp, sensor } = incident;
      log[at] = createIncident({ id, origin: 'ihandler.incident.forgotten', timestamp, sensor, data: {} });
      entries += 1;
    }
    const gone = dead.filter(({ incident }) => matches(incident));
    for (const { instance } of gone) drop(instance, 1);
    keepDead(({ incident }) => !matches(incident));
    return { entries, deadLetters: gone.length };
  }

  return {
    log,
    cursors,
    dead,
    states,
    highest: known.highest,
    forget(upTo) {
      before = upTo;
    },
    journal: (step = () => undefined) => ({
      name: 'disk',
      durable: true,
      open() {},
      close() {},
      bounds: () => ({ before, last: log.length }),
      append: async (incidents, mark) => {
        await step();
        const run = append(incidents, mark);
        await step();
        return run;
      },
      sourceState: (source) => states.get(source),
      read(after, limit) {
        const from = Math.max(after, before);
        return { before: from, incidents: log.slice(from, from + limit) };
      },
      highest: known.highest,
      cursor: (instance) => cursors.get(instance),
      commit: async (given) => {
        await step();
        const run = commit(given);
        await step();
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
      forget: async (matches) => {
        await step();
        const forgotten = forget(matches);
        await step();
        return forgotten;
      },
    }),
  };
}
