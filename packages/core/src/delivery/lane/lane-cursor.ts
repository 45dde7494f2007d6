import type { MaybePromise } from '../../contract/handler.ts';
import type { Incident } from '../../contract/incident.ts';
import type { Cursor, DeadLetter, DeliveryCounts, Journal, JournalRun } from '../../contract/journal.ts';

/** What a commit made durable. */
export interface Committed {
  /** The reports that are new. */
  readonly run: JournalRun;
  readonly deadLetters: readonly DeadLetter[];
}

/** The cursor of one instance and its way into the journal. */
export interface LaneCursor {
  cursor(): Cursor;
  /** Loads the cursor, or begins one after a position; true when it is new, and so not durable yet. */
  load(from: number): Promise<boolean>;
  /** Begins again at the first position, with empty counts: the handler has lost what it had stored. */
  restart(): void;
  /** Accounts for everything up to `position`: `delivered` and `dead` of it, the rest was not for this instance. */
  account(position: number, delivered: number, dead: number): void;
  /** Accounts for everything up to `position` as lost to retention. Returns how many. */
  lose(position: number): number;
  /** Takes dead letters out of the counts, and out of the journal with the next commit. */
  resolve(positions: readonly number[], as: 'delivered' | 'filtered' | 'dropped'): void;
  /** Notes the checkpoint that a write has stored. */
  wrote(checkpoint: Cursor['written']): void;
  /** Keeps reports and dead letters for the next commit: they are owed until one succeeds. */
  owe(reports: readonly Incident[], deadLetters: readonly DeadLetter[]): void;
  /** How many entries are accounted for in memory only; a crash counts them again, the same. */
  uncommitted(): number;
  /** Whether anything would be lost with the process. */
  isOwing(): boolean;
  /** The position up to which the counts are as durable as the journal: what is up to it will not be asked for again. */
  committed(): number;
  /** Makes the cursor durable together with all that is owed; one commit at a time. */
  commit(): MaybePromise<Committed>;
}

const noBooks: DeliveryCounts = Object.freeze({ delivered: 0, filtered: 0, dead: 0, dropped: 0, lost: 0 });

/** Keeps the counts of an instance. */
export function createLaneCursor(journal: Journal, instance: string): LaneCursor {
  let cursor: Cursor = { first: 0, position: 0, counts: noBooks, written: {} };
  let committed = 0;
  let reports: Incident[] = [];
  let deadLetters: DeadLetter[] = [];
  let settled: number[] = [];
  let running: Promise<unknown> | undefined;

  function move(position: number, change: Partial<DeliveryCounts>): void {
    const { first, counts, written } = cursor;
    const { delivered = 0, filtered = 0, dead = 0, lost = 0 } = change;
    cursor = {
      first,
      written,
      position,
      counts: {
        delivered: counts.delivered + delivered,
        filtered: counts.filtered + filtered,
        dead: counts.dead + dead,
        dropped: counts.dropped,
        lost: counts.lost + lost,
      },
    };
  }

  function isOwed(): boolean {
    return reports.length + deadLetters.length + settled.length > 0;
  }

  function commitNow(): Committed | Promise<Committed> {
    const step = { instance, cursor, reports, deadLetters, settled };
    function done(run: JournalRun): Committed {
      committed = step.cursor.position;
      reports = reports.slice(step.reports.length);
      deadLetters = deadLetters.slice(step.deadLetters.length);
      settled = settled.slice(step.settled.length);
      return { run, deadLetters: step.deadLetters };
    }
    const run = journal.commit(step);
    return run instanceof Promise ? run.then(done) : done(run);
  }

  function commitInTurn(): MaybePromise<Committed> {
    const result = commitNow();
    if (!(result instanceof Promise)) return result;
    running = result;
    const ended = () => {
      running = undefined;
    };
    result.then(ended, ended);
    return result;
  }

  async function commitAfter(earlier: Promise<unknown>): Promise<Committed> {
    for (let before: Promise<unknown> | undefined = earlier; before !== undefined; before = running)
      await before.catch(() => undefined); // whoever began it is told
    return commitInTurn();
  }

  return {
    cursor: () => cursor,
    async load(from) {
      const kept = await journal.cursor(instance);
      cursor = kept ?? { first: from, position: from, counts: noBooks, written: {} };
      committed = cursor.position;
      return kept === undefined;
    },
    restart() {
      cursor = { ...cursor, position: cursor.first, counts: noBooks, written: {} };
      committed = cursor.position;
    },
    account: (position, delivered, dead) =>
      move(position, { delivered, dead, filtered: position - cursor.position - delivered - dead }),
    lose(position) {
      const lost = position - cursor.position;
      move(position, { lost });
      return lost;
    },
    resolve(positions, as) {
      const { counts } = cursor;
      const count = positions.length;
      cursor = { ...cursor, counts: { ...counts, dead: counts.dead - count, [as]: counts[as] + count } };
      settled = [...settled, ...positions];
    },
    wrote(written) {
      cursor = { ...cursor, written };
    },
    owe(newReports, newLetters) {
      if (newReports.length > 0) reports = [...reports, ...newReports];
      if (newLetters.length > 0) deadLetters = [...deadLetters, ...newLetters];
    },
    uncommitted: () => cursor.position - committed,
    isOwing: () => cursor.position > committed || isOwed(),
    committed: () => (journal.durable || isOwed() ? committed : cursor.position),
    commit: () => (running === undefined ? commitInTurn() : commitAfter(running)),
  };
}
