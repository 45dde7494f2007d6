import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Attempts, listeningAttempts, type Outcome, writingAttempts } from './attempt.ts';
import { type Checkpoint, covers } from './checkpoint.ts';
import type { HandlerEntry, LaneStatus } from './dispatcher-options.ts';
import { describeError, failureKind, isIhandlerError } from './error.ts';
import { createGate } from './gate.ts';
import { type HandlerContext, isWriting } from './handler.ts';
import type { Incident } from './incident.ts';
import { chainDepth, reporterOf } from './incident-id.ts';
import type { Books, Cursor, DeadLetter, Journal, JournalRun } from './journal.ts';
import { type Batch, createLaneQueue, rest } from './lane-queue.ts';
import { MAX_CHAIN, reportedIncident } from './reporting.ts';
import { pause, type Retry, waitFor } from './retry.ts';
import type { Reached, Router } from './route.ts';

/** What a lane needs of its dispatcher. */
export interface LaneHost {
  readonly journal: Journal;
  readonly router: Router;
  readonly retry: Retry;
  /** The most incidents at once. */
  readonly batch: number;
  readonly dataDir: string;
  context(instance: string, signal: AbortSignal): Omit<HandlerContext, 'dataDir' | 'signal'>;
  /** Tells of what a commit appended, which other lanes are to get. */
  appended(run: JournalRun): void;
  /** The lane has moved on. */
  moved(): void;
  /** The position up to which live lanes have been given everything. */
  liveTo(): number;
  deadLetter(letter: DeadLetter): void;
  /** Reports that a handler does not start. */
  startFailed(instance: string, error: unknown, attempts: number): void;
}

/** One handler's way through the journal. */
export interface Lane {
  readonly instance: string;
  /** Loads the cursor and starts the handler: resolves when that has succeeded or failed once; goes on trying in the background. Throws what only the user can put right. */
  start(): Promise<void>;
  /** Gives a live lane an incident, after everything before it. A lane that is behind reads it later. */
  offer(incident: Incident, position: number, reached: Reached): void;
  /** Everything up to a position has been offered. */
  offered(position: number): void;
  /** Whether it takes offers; otherwise it reads the journal. */
  isLive(): boolean;
  /** From here on it reads the journal until it has caught up. */
  fallBehind(): void;
  /** There is something to read. */
  wake(): void;
  status(): LaneStatus;
  /** The position up to which everything is in its books. */
  position(): number;
  /** Whether everything accepted is in its books, with what it reported. */
  isDone(): boolean;
  /** When it last moved on, on the clock of `performance.now()`. */
  movedAt(): number;
  stored(stream: string): number | undefined;
  reopen(): Promise<void>;
  /** Makes what it knows durable, without waiting for new work. */
  settle(): Promise<void>;
  /** No new deliveries; resolves when the running one has settled. */
  stop(): Promise<void>;
  /** Closes the handler if it was started. */
  close(): Promise<void>;
}

const noBooks: Books = Object.freeze({ delivered: 0, filtered: 0, dead: 0, dropped: 0, lost: 0 });
/** How far a lane may run ahead of its durable cursor with incidents that are not for it. */
const COMMIT_AFTER = 1000;
/** How many incidents may be queued for a live lane before it reads the journal instead, in batches. */
const LIVE_BATCHES = 10;

/** Puts a handler on its way. */
export function createLane(entry: HandlerEntry, index: number, host: LaneHost): Lane {
  const { handler } = entry;
  const instance = entry.instance ?? handler.name;
  const { journal, retry } = host;
  const stopping = new AbortController();
  const news = createGate();
  const queue = createLaneQueue(0);
  const dataDir = join(host.dataDir, instance);
  const context: HandlerContext = {
    ...host.context(instance, stopping.signal),
    dataDir,
    signal: stopping.signal,
  };
  const attempts: Attempts = isWriting(handler)
    ? writingAttempts(handler, context)
    : listeningAttempts(handler, context);
  let cursor: Cursor = { first: 0, position: 0, books: noBooks, written: {} };
  let committed = 0;
  let live = false;
  let started = false;
  let loop: Promise<void> | undefined;
  let deadPositions: ReadonlySet<number> = new Set();
  let state: LaneStatus['state'] = 'new';
  let since = context.now();
  let failure: string | undefined;
  let movedAt = performance.now();
  let busy = false;

  function enter(next: LaneStatus['state'], problem?: string): void {
    if (next !== state) since = context.now();
    state = next;
    failure = problem;
  }

  async function loadCursor(): Promise<void> {
    const { before } = journal.bounds();
    cursor = (await journal.cursor(instance)) ?? {
      first: before,
      position: before,
      books: noBooks,
      written: {},
    };
  }

  /** A handler that has lost what it stored gets everything again that the journal still has. */
  async function resume(checkpoint: Checkpoint | undefined): Promise<void> {
    if (checkpoint !== undefined && !covers(checkpoint, cursor.written)) {
      context.log.warning('has less than it once stored: it is given the journal again from the beginning');
      const letters = await journal.deadLetters(instance);
      deadPositions = new Set(letters.map(({ position }) => position));
      cursor = { ...cursor, position: cursor.first, books: noBooks, written: {} };
    }
    committed = cursor.position;
    live = false;
    queue.reset(cursor.position);
  }

  async function startOnce(): Promise<boolean> {
    enter('starting');
    try {
      await mkdir(dataDir, { recursive: true });
      await handler.start?.(context);
      started = true;
      await resume(await attempts.started());
      enter('idle');
      return true;
    } catch (error) {
      enter('starting', describeError(error));
      await closeHandler();
      if (isIhandlerError(error)) throw error;
      return false;
    }
  }

  async function closeHandler(): Promise<void> {
    if (!started) return;
    started = false;
    try {
      await handler.close?.();
    } catch (error) {
      context.log.error('did not close well', { error: describeError(error) });
    }
  }

  async function startAgain(): Promise<boolean> {
    for (let failures = 0; !stopping.signal.aborted; failures += 1) {
      await pause(waitFor(retry, failures, undefined), stopping.signal);
      if (stopping.signal.aborted) return false;
      if (await startOnce().catch(() => false)) return true;
    }
    return false;
  }

  function offer(incident: Incident, position: number, reached: Reached): void {
    if (reached.maybeOwn && reporterOf(incident.id) === instance) return;
    queue.push(incident, position, reached);
  }

  /** Reads on in the journal until it has caught up with what live lanes are given. */
  async function fill(): Promise<void> {
    while (!live && queue.size === 0 && !stopping.signal.aborted) {
      const read = journal.read(queue.routed, host.batch);
      const run = read instanceof Promise ? await read : read;
      if (run.incidents.length === 0 && queue.routed >= host.liveTo()) {
        live = true;
        return;
      }
      if (run.before > queue.routed) lose(run.before);
      route(run);
      if (queue.routed - cursor.position >= COMMIT_AFTER && queue.size === 0) return;
    }
  }

  /** Retention took what this lane has not had: called with an empty queue, between deliveries. */
  function lose(through: number): void {
    account(queue.routed, 0, 0);
    const count = through - cursor.position;
    context.log.error('incidents were gone from the journal before they were handled', { count });
    cursor = { ...cursor, position: through, books: { ...cursor.books, lost: cursor.books.lost + count } };
    queue.routed = through;
  }

  function route({ before, incidents }: JournalRun): void {
    let position = before;
    for (const incident of incidents) {
      position += 1;
      const reached = host.router.route(incident.origin, incident.misfit !== undefined).lanes[index];
      if (reached !== undefined) offer(incident, position, reached);
    }
    queue.routed = position;
  }

  /** Accounts for everything up to `position`: `delivered` and `dead` of it, the rest was not for this lane. */
  function account(position: number, delivered: number, dead: number): void {
    const { books } = cursor;
    const filtered = position - cursor.position - delivered - dead;
    cursor = {
      ...cursor,
      position,
      books: {
        ...books,
        delivered: books.delivered + delivered,
        filtered: books.filtered + filtered,
        dead: books.dead + dead,
      },
    };
    movedAt = performance.now();
    host.moved();
  }

  async function commit(reports: readonly Incident[], deadLetters: readonly DeadLetter[]): Promise<void> {
    const step = { instance, cursor, deadLetters, reports };
    for (let failures = 0; ; failures += 1) {
      try {
        const result = journal.commit(step);
        const run = result instanceof Promise ? await result : result;
        committed = step.cursor.position;
        if (run.incidents.length > 0) host.appended(run);
        for (const letter of deadLetters) host.deadLetter(letter);
        return;
      } catch (error) {
        if (stopping.signal.aborted) throw error;
        enter('retrying', `the journal does not take the acknowledgement: ${describeError(error)}`);
        await pause(waitFor(retry, failures, error), stopping.signal);
      }
    }
  }

  function failed(incident: Incident, reason: string, tries: number): readonly Incident[] {
    if (incident.origin === 'ihandler.handler.failed' || chainDepth(incident.id) >= MAX_CHAIN) return [];
    const data = {
      instance,
      handler: handler.name,
      origin: incident.origin,
      incident: incident.id,
      message: reason,
      attempts: tries,
    };
    return [reportedIncident(incident, instance, 'failed', 'ihandler.handler.failed', data, context.now())];
  }

  async function bury(batch: Batch, error: unknown, tries: number): Promise<void> {
    const [incident, position] = [batch.incidents[0], batch.positions[0]];
    if (incident === undefined || position === undefined) return;
    const reason = describeError(error);
    const letter = { instance, position, incident, reason, attempts: tries, at: context.now() };
    context.log.error('gives an incident up', {
      origin: incident.origin,
      incident: incident.id,
      reason,
      attempts: tries,
    });
    account(position, 0, 1);
    await commit(failed(incident, reason, tries), [letter]);
  }

  /** Acknowledges the first `done` of a batch. */
  async function acknowledge(batch: Batch, { done, reports, written }: Outcome): Promise<void> {
    const isAll = done === batch.incidents.length;
    const position = isAll ? batch.through : (batch.positions[done] ?? batch.through + 1) - 1;
    if (written !== undefined) cursor = { ...cursor, written };
    account(position, done, 0);
    await commit(reports, []);
  }

  /** Dead letters of an earlier life are still dead: they are accounted for and not tried again. */
  async function skipDead(batch: Batch): Promise<Batch> {
    const position = batch.positions[0];
    if (position === undefined || !deadPositions.has(position)) return batch;
    account(position, 0, 1);
    return rest(batch, 1);
  }

  async function deliver(whole: Batch): Promise<void> {
    let batch = whole;
    let singly = false;
    let tries = 0;
    let failures = 0;
    while (batch.incidents.length > 0 && !stopping.signal.aborted) {
      if (deadPositions.size > 0) {
        const alive = await skipDead(batch);
        if (alive !== batch) {
          batch = alive;
          continue;
        }
      }
      const single =
        singly || (deadPositions.size > 0 && batch.positions.some((at) => deadPositions.has(at)));
      const outcome = await attempts.attempt(batch, single);
      if (outcome.done > 0) {
        await acknowledge(batch, outcome);
        batch = rest(batch, outcome.done);
        tries = failures = 0;
        enter('working');
      }
      if (outcome.failure === undefined) continue;
      if (stopping.signal.aborted) return;
      const { error } = outcome.failure;
      const kind = failureKind(error);
      if (kind !== 'try-later' && isWriting(handler) && !singly && batch.incidents.length > 1) {
        singly = true;
        continue;
      }
      tries += 1;
      if (kind === 'permanent' || (kind === 'unknown' && tries >= retry.attempts)) {
        await bury(batch, error, tries);
        batch = rest(batch, 1);
        tries = failures = 0;
        continue;
      }
      if (failures === 0) context.log.warning('tries again', { error: describeError(error) });
      enter('retrying', describeError(error));
      await pause(waitFor(retry, failures, error), stopping.signal);
      failures += 1;
    }
    if (batch.incidents.length === 0 && batch.through > cursor.position) account(batch.through, 0, 0);
  }

  function fallBehind(): void {
    live = false;
    queue.reset(queue.taken());
  }

  /** Whether the journal could be read. */
  async function readOn(): Promise<boolean> {
    try {
      await fill();
      return true;
    } catch (error) {
      enter('retrying', `the journal cannot be read: ${describeError(error)}`);
      await pause(waitFor(retry, 3, error), stopping.signal);
      return false;
    }
  }

  async function run(): Promise<void> {
    if (state === 'starting' && !started && !(await startAgain())) return;
    let busySince = performance.now();
    while (!stopping.signal.aborted) {
      if (!live && queue.size === 0 && !(await readOn())) continue;
      const batch = queue.take(host.batch);
      if (batch.incidents.length > 0) {
        enter('working');
        busy = true;
        await deliver(batch);
        busy = false;
        host.moved();
      } else if (batch.through > cursor.position) {
        account(batch.through, 0, 0);
        if (cursor.position - committed >= COMMIT_AFTER) await commit([], []);
      } else if (live) {
        enter('idle');
        await news.wait();
        busySince = performance.now();
      }
      // Handlers and journals that never wait would keep timers, signals and sources from their turn.
      if (performance.now() - busySince > 20) {
        await new Promise((resolve) => setImmediate(resolve));
        busySince = performance.now();
      }
    }
  }

  return {
    instance,
    async start() {
      await loadCursor();
      const isStarted = await startOnce();
      if (!isStarted) {
        context.log.error('does not start; it is tried again', { error: failure });
        host.startFailed(instance, failure, 1);
      }
      loop = run().catch((error: unknown) => {
        enter('retrying', describeError(error));
        context.log.critical('has stopped: nothing is lost, but nothing more is delivered', {
          error: describeError(error),
        });
      });
    },
    offer,
    offered(position) {
      queue.routed = position;
      if (queue.size > host.batch * LIVE_BATCHES) fallBehind();
      news.open();
    },
    isLive: () => live,
    fallBehind,
    wake: () => news.open(),
    status: () => ({
      instance,
      handler: handler.name,
      state,
      since,
      books: cursor.books,
      waiting: Math.max(0, journal.bounds().last - cursor.position),
      ...(failure !== undefined && { failure }),
    }),
    position: () => cursor.position,
    isDone: () => !busy && cursor.position >= journal.bounds().last,
    movedAt: () => movedAt,
    stored: (stream) => attempts.stored(stream),
    async reopen() {
      if (started) await handler.reopen?.();
    },
    async settle() {
      if (cursor.position > committed) await commit([], []);
    },
    async stop() {
      stopping.abort();
      news.open();
      await loop;
    },
    async close() {
      await closeHandler();
      enter('closed');
    },
  };
}
