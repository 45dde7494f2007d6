import type { Incident } from '../incident.ts';
import type { Cursor, DeadLetter, Journal, JournalStep } from '../journal.ts';
import { createKnownIds } from '../known-ids.ts';

/** What a durable journal keeps, in memory: it outlives the journals made on it, as a disk outlives processes. */
export interface Disk {
  /** Everything that was ever appended. */
  readonly log: readonly Incident[];
  readonly cursors: ReadonlyMap<string, Cursor>;
  readonly dead: readonly DeadLetter[];
  highest(stream: string): number | undefined;
  /** Lets everything up to a position go, whoever still waits for it. */
  forget(upTo: number): void;
  /** A journal of one process; `step` is awaited before and after each append and commit. */
  journal(step?: () => Promise<void> | undefined): Journal;
}

/** Makes an empty disk. */
export function createDisk(): Disk {
  const log: Incident[] = [];
  const cursors = new Map<string, Cursor>();
  const dead: DeadLetter[] = [];
  const known = createKnownIds();
  let before = 0;

  function append(incidents: readonly Incident[]) {
    const run = { before: log.length, incidents: known.take(incidents) };
    log.push(...run.incidents);
    return run;
  }

  function commit(step: JournalStep) {
    const run = append(step.reports);
    cursors.set(step.instance, step.cursor);
    dead.push(...step.deadLetters);
    return run;
  }

  return {
    log,
    cursors,
    dead,
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
      append: async (incidents) => {
        await step();
        const run = append(incidents);
        await step();
        return run;
      },
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
    }),
  };
}
