import { join } from 'node:path';
import { listeningAttempts, writingAttempts } from './attempt.ts';
import { type CatchUpHost, catchUp } from './catch-up.ts';
import { covers } from './checkpoint.ts';
import { type DeliveryHost, deliver } from './deliver.ts';
import type { HandlerEntry, LaneStatus } from './dispatcher-options.ts';
import { describeError } from './error.ts';
import { createGate } from './gate.ts';
import { type HandlerContext, isWriting } from './handler.ts';
import { createHandlerLife } from './handler-life.ts';
import type { Incident } from './incident.ts';
import { reporterOf } from './incident-id.ts';
import type { JournalRun } from './journal.ts';
import type { LaneHost } from './lane-host.ts';
import { createLaneQueue } from './lane-queue.ts';
import { createLedger } from './ledger.ts';
import { pause, waitFor } from './retry.ts';
import type { Reached } from './route.ts';

/** One handler's way through the journal. */
export interface Lane {
  readonly instance: string;
  /** Loads the cursor and starts the handler: resolves when that has succeeded or failed once; goes on trying in the background. Throws what only the user can put right. */
  start(): Promise<void>;
  /** Gives a live lane an incident, after everything before it. A lane that is behind reads it later. */
  offer(incident: Incident, position: number, reached: Reached): void;
  /** Gives a live lane a whole run, none of it its own. */
  offerRun(before: number, incidents: readonly Incident[], reached: Reached): void;
  /** Everything up to a position has been offered. */
  offered(position: number): void;
  /** Whether it takes offers; otherwise it reads the journal. */
  isLive(): boolean;
  /** From here on it reads the journal until it has caught up. */
  fallBehind(): void;
  /** There is something to read. */
  wake(): void;
  status(): LaneStatus;
  /** The position up to which everything is durably in its books. */
  committed(): number;
  /** Whether everything accepted is in its books, with what it reported. */
  isDone(): boolean;
  /** When it last moved on, on the clock of `performance.now()`. */
  movedAt(): number;
  /** The highest ordinal of a stream that the handler says it has stored. */
  stored(stream: string): number | undefined;
  reopen(): Promise<void>;
  /** Makes what it knows durable, without waiting for new work. */
  settle(): Promise<void>;
  /** Appends what its handler reports outside deliveries, however many incidents wait. */
  report(incident: Incident): Promise<void>;
  /** No new deliveries; resolves when the running one has settled. */
  stop(): Promise<void>;
  /** Closes the handler if it was started. */
  close(): Promise<void>;
}

/** How far a lane may run ahead of its durable cursor with incidents that are not for it. */
const COMMIT_AFTER = 1000;
/** How many batches may be queued for a live lane before it reads the journal instead. */
const LIVE_BATCHES = 10;
/** How long a lane may go on before timers, signals and sources get their turn, in milliseconds. */
const TURN = 20;

/** Puts a handler on its way. */
export function createLane(entry: HandlerEntry, index: number, host: LaneHost): Lane {
  const { handler } = entry;
  const instance = entry.instance ?? handler.name;
  const { journal, retry } = host;
  const stopping = new AbortController();
  const { signal } = stopping;
  const news = createGate();
  const queue = createLaneQueue(0);
  const ledger = createLedger(journal, instance);
  const context: HandlerContext = { ...host.context(entry), dataDir: join(host.dataDir, instance), signal };
  const attempts = isWriting(handler)
    ? writingAttempts(handler, context)
    : listeningAttempts(handler, context);
  const delivery: DeliveryHost = {
    attempts,
    ledger,
    retry,
    context,
    handler: handler.name,
    writing: isWriting(handler),
    deadPositions: new Set(),
    commit,
    enter,
  };
  const reading: CatchUpHost = {
    journal,
    ledger,
    queue,
    context,
    limit: host.batch,
    stride: COMMIT_AFTER,
    liveTo: host.liveTo,
    route,
    caughtUp: () => {
      live = true;
    },
    moved,
  };
  const life = createHandlerLife({ handler, context, retry, enter, resume });
  let live = false;
  let busy = false;
  /** Whether it waits for news: what is not for it need not wake it. */
  let resting = false;
  let loop: Promise<void> | undefined;
  let starting: Promise<void> | undefined;
  let state: LaneStatus['state'] = 'new';
  let since = context.now();
  let failure: string | undefined;
  let movedAt = performance.now();

  function enter(next: LaneStatus['state'], problem?: string): void {
    if (next !== state) since = context.now();
    state = next;
    failure = problem;
  }

  function moved(): void {
    movedAt = performance.now();
    host.moved();
  }

  /** A handler that has lost what it stored gets everything again that the journal still has. */
  async function resume(): Promise<void> {
    const checkpoint = await attempts.started();
    if (checkpoint !== undefined && !covers(checkpoint, ledger.cursor().written)) {
      context.log.warning('has less than it once stored: it is given the journal again from the beginning');
      ledger.restart();
    }
    const letters = await journal.deadLetters(instance, ledger.cursor().position);
    delivery.deadPositions.clear();
    for (const { position } of letters) delivery.deadPositions.add(position);
    live = false;
    queue.reset(ledger.cursor().position);
  }

  function offer(incident: Incident, position: number, reached: Reached): void {
    if (position <= queue.routed || (reached.maybeOwn && reporterOf(incident.id) === instance)) return;
    if (reached.admits?.(incident) === false) return;
    queue.push(incident, position, reached);
  }

  /** A journal may show what was appended before it says so: what a lane has read by then it is not given again. */
  function offerRun(before: number, incidents: readonly Incident[], reached: Reached): void {
    if (before === queue.routed) queue.pushRun(before, incidents, reached);
    else for (const [index, incident] of incidents.entries()) offer(incident, before + 1 + index, reached);
  }

  function fallBehind(): void {
    live = false;
    queue.reset(queue.taken());
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

  /** Whether the journal could be read. */
  async function readOn(): Promise<boolean> {
    try {
      await catchUp(reading);
      return true;
    } catch (error) {
      enter('retrying', `the journal cannot be read: ${describeError(error)}`);
      await pause(waitFor(retry, 3, error), signal);
      return false;
    }
  }

  async function commitOnce(): Promise<void> {
    const { run, deadLetters } = await ledger.commit();
    if (run.incidents.length > 0) host.appended(run);
    for (const letter of deadLetters) host.deadLetter(letter);
    host.moved();
  }

  async function commit(): Promise<void> {
    movedAt = performance.now();
    for (let failures = 0; ; failures += 1) {
      try {
        return await commitOnce();
      } catch (error) {
        if (signal.aborted) throw error;
        enter('retrying', `the journal does not take the acknowledgement: ${describeError(error)}`);
        await pause(waitFor(retry, failures, error), signal);
      }
    }
  }

  /** Delivers what there is, or waits for more. */
  async function turn(): Promise<void> {
    if (!live && queue.size === 0 && !(await readOn())) return;
    const batch = queue.take(host.batch);
    if (batch.incidents.length > 0) {
      enter('working');
      busy = true;
      await deliver(delivery, batch);
      busy = false;
      moved();
      return;
    }
    if (pass(batch.through)) moved();
    if (mayCommit()) await commit();
    else if (live) await rest();
  }

  /** Accounts for what is not for this lane. Whether there was any. */
  function pass(through: number): boolean {
    if (through <= ledger.cursor().position) return false;
    ledger.account(through, 0, 0);
    return true;
  }

  /** Whether so much has passed that the journal is to know of it. */
  function mayCommit(): boolean {
    return journal.durable && ledger.uncommitted() >= COMMIT_AFTER;
  }

  async function rest(): Promise<void> {
    enter('idle');
    resting = true;
    await news.wait();
    resting = false;
  }

  async function run(): Promise<void> {
    if (!life.isStarted() && !(await life.startAgain())) return;
    let turnBegan = performance.now();
    while (!signal.aborted) {
      await turn();
      if (state === 'idle') turnBegan = performance.now();
      if (performance.now() - turnBegan < TURN) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnBegan = performance.now();
    }
  }

  async function begin(): Promise<void> {
    await ledger.load();
    if (!(await life.start())) {
      context.log.error('does not start; it is tried again', { error: failure });
      host.startFailed(instance, handler.name, failure ?? 'unknown');
    }
    loop = run().catch(stopped);
  }

  function stopped(error: unknown): void {
    if (signal.aborted) return;
    enter('retrying', describeError(error));
    context.log.critical('has stopped: nothing is lost, but nothing more is delivered', {
      error: describeError(error),
    });
  }

  return {
    instance,
    start() {
      starting = begin();
      return starting;
    },
    offer,
    offerRun,
    offered(position) {
      queue.routed = Math.max(queue.routed, position);
      if (queue.size > host.batch * LIVE_BATCHES) fallBehind();
      if (live && resting && queue.size === 0 && pass(queue.routed) && !mayCommit()) return;
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
      books: ledger.cursor().books,
      position: ledger.cursor().position,
      counters: handler.counters?.() ?? {},
      waiting: Math.max(0, journal.bounds().last - ledger.cursor().position),
      ...(failure !== undefined && { failure }),
    }),
    committed: () => ledger.committed(),
    isDone: () => !busy && ledger.cursor().position >= journal.bounds().last,
    movedAt: () => movedAt,
    stored: (stream) => attempts.stored(stream),
    async reopen() {
      if (life.isStarted()) await handler.reopen?.();
    },
    async settle() {
      if (ledger.isOwing()) await commitOnce();
    },
    async report(incident) {
      ledger.owe([incident], []);
      await commitOnce();
    },
    async stop() {
      stopping.abort();
      news.open();
      await starting?.catch(() => undefined); // whoever called start is told
      await loop;
    },
    async close() {
      await life.close();
      enter('closed');
    },
  };
}
