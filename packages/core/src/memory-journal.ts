import { IhandlerError } from './error.ts';
import { createGate } from './gate.ts';
import type { Incident } from './incident.ts';
import type { Cursor, DeadLetter, Journal, JournalRun } from './journal.ts';
import { createKnownIds } from './known-ids.ts';

/** Options of {@link createMemoryJournal}. */
export interface MemoryJournalOptions {
  /** How many incidents may wait for the slowest handler before `append` waits. @default 20000 */
  readonly limit?: number;
}

const empty: readonly Incident[] = Object.freeze([]);

/** A journal that lives as long as the process: for `import`, where the file is the journal, and for tests. */
export function createMemoryJournal({ limit = 20_000 }: MemoryJournalOptions = {}): Journal {
  const known = createKnownIds();
  const cursors = new Map<string, Cursor>();
  const dead = new Map<string, DeadLetter[]>();
  let runs: JournalRun[] = [];
  let before = 0;
  let last = 0;
  let isOpen = false;
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const space = createGate();

  function mustBeOpen(): void {
    if (!isOpen) throw new IhandlerError('LIFE_CYCLE', 'The journal is not open: call open() first.');
  }

  function add(incidents: readonly Incident[]): JournalRun {
    const run = { before: last, incidents: known.take(incidents) };
    if (run.incidents.length > 0) runs.push(run);
    last += run.incidents.length;
    return run;
  }

  async function addInTurn(earlier: Promise<unknown>, incidents: readonly Incident[]): Promise<JournalRun> {
    waiting += 1;
    try {
      await earlier.catch(() => undefined); // whoever came before is told of his own failure
      while (isOpen && last - before >= limit) await space.wait();
      mustBeOpen();
      return add(incidents);
    } finally {
      waiting -= 1;
    }
  }

  return {
    name: 'memory',
    durable: false,
    open() {
      isOpen = true;
    },
    close() {
      isOpen = false;
      space.open();
    },
    bounds: () => ({ before, last }),
    append(incidents) {
      mustBeOpen();
      if (waiting === 0 && last - before < limit) return add(incidents);
      const added = addInTurn(turn, incidents);
      turn = added;
      return added;
    },
    read(after, count) {
      mustBeOpen();
      const run = runs.find((candidate) => candidate.before + candidate.incidents.length > after);
      if (run === undefined) return { before: Math.max(after, last), incidents: empty };
      const from = Math.max(after, run.before);
      if (from === run.before && run.incidents.length <= count) return run;
      return { before: from, incidents: run.incidents.slice(from - run.before, from - run.before + count) };
    },
    highest: (stream) => known.highest(stream),
    cursor: (instance) => cursors.get(instance),
    commit({ instance, cursor, deadLetters, reports }) {
      mustBeOpen();
      const run = add(reports); // first, because it may throw: then nothing has happened
      cursors.set(instance, cursor);
      if (deadLetters.length > 0) dead.set(instance, [...(dead.get(instance) ?? []), ...deadLetters]);
      return run;
    },
    deadLetters: (instance, after = 0, count = Number.POSITIVE_INFINITY) =>
      (dead.get(instance) ?? []).filter(({ position }) => position > after).slice(0, count),
    release(upTo) {
      const kept = runs.findIndex((run) => run.before + run.incidents.length > upTo);
      if (kept !== 0) runs = kept === -1 ? [] : runs.slice(kept);
      before = Math.max(before, Math.min(upTo, runs[0]?.before ?? last));
      if (last - before < limit) space.open();
    },
  };
}
