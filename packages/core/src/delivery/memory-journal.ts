import { IhandlerError } from '../contract/error.ts';
import type { Incident, Value } from '../contract/incident.ts';
import type {
  AppendOptions,
  Cursor,
  DeadLetter,
  ForgetResult,
  Journal,
  JournalRun,
  SkippedIncident,
  SourceMark,
} from '../contract/journal.ts';
import { createIncident } from '../incident/create-incident.ts';
import { createNotifier } from '../timing/notifier.ts';
import { createKnownIds } from './known-ids.ts';

/** Options of {@link createMemoryJournal}. */
export interface MemoryJournalOptions {
  /** How many incidents may be pending for the slowest handler before `append` waits. @default 20000 */
  readonly limit?: number;
  /** Returns milliseconds since the Unix epoch, for the time of acceptance. @default Date.now */
  readonly now?: () => number;
  /** The states of sources, by instance, which the journal reads and changes. @default none */
  readonly states?: Map<string, Value>;
}

const empty: readonly Incident[] = Object.freeze([]);

/** A run, and when it was accepted. */
interface AcceptedRun {
  readonly run: JournalRun;
  readonly at: number;
}

function endOf({ run }: AcceptedRun): number {
  return run.before + run.incidents.length;
}

/** Replaces matching incidents of a run by `ihandler.incident.forgotten`, and counts them. */
function forgetIn(
  accepted: AcceptedRun,
  matches: (incident: Incident) => boolean,
): { readonly accepted: AcceptedRun; readonly count: number } {
  const { run, at } = accepted;
  if (!run.incidents.some(matches)) return { accepted, count: 0 };
  let count = 0;
  const incidents = run.incidents.map((incident) => {
    if (!matches(incident)) return incident;
    count += 1;
    const { id, timestamp, sensor } = incident;
    return createIncident({ id, origin: 'ihandler.incident.forgotten', timestamp, sensor, data: {} });
  });
  return { accepted: { run: { before: run.before, incidents }, at }, count };
}

/** A cursor whose dead letters were dropped in part. */
function withDropped(cursor: Cursor, count: number): Cursor {
  const { counts } = cursor;
  return { ...cursor, counts: { ...counts, dead: counts.dead - count, dropped: counts.dropped + count } };
}

/** Creates a journal that lives as long as the process: for `import`, where the file is the journal, and for tests. */
export function createMemoryJournal({
  limit = 20_000,
  now = Date.now,
  states = new Map(),
}: MemoryJournalOptions = {}): Journal {
  const known = createKnownIds();
  const cursors = new Map<string, Cursor>();
  const dead = new Map<string, DeadLetter[]>();
  /** The states of handlers. They end with the process, as the cursors do. */
  const own = new Map<string, Value>();
  let runs: AcceptedRun[] = [];
  let before = 0;
  let last = 0;
  let isOpen = false;
  /** How many appends wait for space, or for those before them. */
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();
  const space = createNotifier();

  function mustBeOpen(): void {
    if (!isOpen) throw new IhandlerError('LIFE_CYCLE', 'The journal is not open: call open() first.');
  }

  function add(batch: readonly Incident[], mark?: SourceMark, options?: AppendOptions): JournalRun {
    const barred = batch.filter((incident) => options?.barred?.has(incident));
    const allowed = barred.length === 0 ? batch : batch.filter((incident) => !options?.barred?.has(incident));
    const run = { before: last, incidents: known.take(allowed) };
    if (run.incidents.length > 0) runs.push({ run, at: now() });
    last += run.incidents.length;
    if (mark !== undefined) states.set(mark.source, mark.state);
    if (options === undefined || run.incidents.length === batch.length) return run;
    return { ...run, skipped: skippedOf(batch, new Set(run.incidents), new Set(barred)) };
  }

  /** The incidents of a batch that were not added, with the entries that the journal still has. */
  function skippedOf(
    batch: readonly Incident[],
    added: ReadonlySet<Incident>,
    barred: ReadonlySet<Incident>,
  ): readonly SkippedIncident[] {
    const left = batch.filter((incident) => !added.has(incident));
    const entries = new Map<string, Incident | undefined>(left.map(({ id }) => [id, undefined]));
    for (const { run } of runs)
      for (const entry of run.incidents) if (entries.has(entry.id)) entries.set(entry.id, entry);
    return left.map((incident) => {
      const stored = entries.get(incident.id);
      return { incident, stored, why: stored === undefined && barred.has(incident) ? 'barred' : 'known' };
    });
  }

  function forget(matches: (incident: Incident) => boolean): ForgetResult {
    let entries = 0;
    runs = runs.map((accepted) => {
      const forgotten = forgetIn(accepted, matches);
      entries += forgotten.count;
      return forgotten.accepted;
    });
    let deadLetters = 0;
    for (const [instance, letters] of dead) {
      const remaining = letters.filter(({ incident }) => !matches(incident));
      const removed = letters.length - remaining.length;
      if (removed === 0) continue;
      dead.set(instance, remaining);
      deadLetters += removed;
      const cursor = cursors.get(instance);
      if (cursor !== undefined) cursors.set(instance, withDropped(cursor, removed));
    }
    return { entries, deadLetters };
  }

  async function addInTurn(
    earlier: Promise<unknown>,
    incidents: readonly Incident[],
    mark: SourceMark | undefined,
    options: AppendOptions | undefined,
  ): Promise<JournalRun> {
    waiting += 1;
    try {
      await earlier.catch(() => undefined); // reported to the caller of that append
      while (isOpen && last - before >= limit) await space.wait();
      mustBeOpen();
      return add(incidents, mark, options);
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
      space.notify();
    },
    bounds: () => ({ before, last }),
    append(incidents, mark, options) {
      mustBeOpen();
      if (waiting === 0 && last - before < limit) return add(incidents, mark, options);
      const added = addInTurn(turn, incidents, mark, options);
      turn = added;
      return added;
    },
    read(after, count) {
      mustBeOpen();
      const accepted = runs.find((candidate) => endOf(candidate) > after);
      if (accepted === undefined) return { before: Math.max(after, last), incidents: empty };
      const { run } = accepted;
      const from = Math.max(after, run.before);
      if (from === run.before && run.incidents.length <= count) return run;
      return { before: from, incidents: run.incidents.slice(from - run.before, from - run.before + count) };
    },
    sourceState: (source) => own.get(source) ?? states.get(source),
    highest: (stream) => known.highest(stream),
    cursor: (instance) => cursors.get(instance),
    commit({ instance, cursor, deadLetters, settled = [], reports, mark }) {
      mustBeOpen();
      const run = add(reports); // first, because it may throw: then nothing has happened
      cursors.set(instance, cursor);
      if (mark !== undefined) own.set(mark.source, mark.state);
      if (deadLetters.length + settled.length > 0) {
        const replaced = new Set([...settled, ...deadLetters.map(({ position }) => position)]);
        const others = (dead.get(instance) ?? []).filter(({ position }) => !replaced.has(position));
        const letters = [...others, ...deadLetters].toSorted((a, b) => a.position - b.position);
        dead.set(instance, letters);
      }
      return run;
    },
    deadLetters: (instance, after = 0, count = Number.POSITIVE_INFINITY) =>
      (dead.get(instance) ?? []).filter(({ position }) => position > after).slice(0, count),
    release(upTo) {
      const remaining = runs.findIndex((accepted) => endOf(accepted) > upTo);
      if (remaining !== 0) runs = remaining === -1 ? [] : runs.slice(remaining);
      before = Math.max(before, Math.min(upTo, runs[0]?.run.before ?? last));
      if (last - before < limit) space.notify();
    },
    acceptedAt: (position) =>
      runs.find((accepted) => accepted.run.before < position && position <= endOf(accepted))?.at,
    positionBefore: (acceptedAt) => runs.find(({ at }) => at >= acceptedAt)?.run.before ?? last,
    forget,
  };
}
