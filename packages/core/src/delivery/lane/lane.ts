import { join } from 'node:path';
import { covers } from '../../contract/checkpoint.ts';
import { describeError, isJournalFailed } from '../../contract/error.ts';
import { type HandlerContext, isWriting } from '../../contract/handler.ts';
import type { HandlerEntry } from '../../routing/handler-entry.ts';
import { createNotifier } from '../../timing/notifier.ts';
import { backoffDelay, pause } from '../../timing/retry.ts';
import { createThrottledLog } from '../../timing/throttled-log.ts';
import { createEventLoopYield } from '../../timing/yield-to-event-loop.ts';
import type { AsideHost } from './aside-host.ts';
import { listeningAttempts, writingAttempts } from './attempt.ts';
import { type CatchUpHost, catchUp } from './catch-up.ts';
import { createCommitter } from './committer.ts';
import { countersOf } from './counters.ts';
import { createLetterWork } from './dead-letters.ts';
import { type DeliveryHost, deliver } from './deliver.ts';
import { createHandlerLife } from './handler-lifecycle.ts';
import { createLaneCursor } from './lane-cursor.ts';
import type { LaneHost } from './lane-host.ts';
import { createLaneInput } from './lane-input.ts';
import { createLaneState } from './lane-state.ts';
import { createLaneTasks } from './lane-tasks.ts';
import type { Lane } from './lane-types.ts';
import { maskedAttempts } from './masked-attempts.ts';
import { createReplayer } from './replay.ts';

/** How far a lane may run ahead of its durable cursor with incidents that are not for it. */
const COMMIT_AFTER = 1000;
/** How many batches may be queued for a live lane before it reads the journal instead. */
const LIVE_BATCHES = 10;

/** Puts a handler on its way. */
export function createLane(entry: HandlerEntry, index: number, host: LaneHost): Lane {
  const { handler } = entry;
  const instance = entry.instance ?? handler.name;
  const { journal, retry } = host;
  const stopping = new AbortController();
  const { signal } = stopping;
  const news = createNotifier();
  const intake = createLaneInput({ index, instance, router: host.router });
  const { queue } = intake;
  const ledger = createLaneCursor(journal, instance);
  const context: HandlerContext = { ...host.context(entry), dataDir: join(host.dataDir, instance), signal };
  const state = createLaneState(context.now);
  const { enter } = state;
  const plainAttempts = isWriting(handler)
    ? writingAttempts(handler, context)
    : listeningAttempts(handler, context);
  const attempts = entry.mask === true ? maskedAttempts(plainAttempts) : plainAttempts;
  const { commitOnce, commitOf } = createCommitter({
    ledger,
    retry,
    signal,
    appended: host.appended,
    deadLetter: host.deadLetter,
    moved: host.moved,
    journalFailed: host.journalFailed,
    enter,
  });
  const commit = () => {
    state.moved();
    return commitOf(ledger);
  };
  const delivery: DeliveryHost = {
    attempts,
    ledger,
    retry,
    context,
    instance,
    handler: handler.name,
    writing: isWriting(handler),
    deadPositions: new Set(),
    commit,
    enter,
    wanted: () => asides.wanted(),
  };
  const asides = createLaneTasks(instance, news.notify);
  const losses = createThrottledLog(context.log.error);
  const reading: CatchUpHost = {
    journal,
    ledger,
    queue,
    context,
    limit: host.batch,
    stride: COMMIT_AFTER,
    liveTo: host.liveTo,
    route: intake.route,
    caughtUp: intake.caughtUp,
    moved,
    lost: (count) =>
      losses.log('incidents were deleted by retention before they were processed', undefined, count),
    generation: () => generation,
  };
  const asideHost: AsideHost = {
    handler,
    context,
    journal,
    ledger,
    attempts,
    retry,
    batch: host.batch,
    reach: intake.reach,
    commit,
    commitOf,
    aside: asides.add,
    enter,
  };
  const replayer = createReplayer(asideHost);
  const letterWork = createLetterWork(asideHost, replayer.running);
  const life = createHandlerLife({ handler, context, retry, enter, resume });
  let busy = false;
  /** Rises when what was read before must not be delivered any more. */
  let generation = 0;
  /** Whether it waits for news: what is not for it need not wake it. */
  let resting = false;
  let loop: Promise<void> | undefined;
  let starting: Promise<void> | undefined;

  function moved(): void {
    state.moved();
    host.moved();
  }

  /** A handler that has lost what it stored gets everything again that the journal still has. */
  async function resume(): Promise<void> {
    const checkpoint = await attempts.started();
    if (checkpoint !== undefined && !covers(checkpoint, ledger.cursor().written)) {
      context.log.warn('has less than it once stored: it is given the journal again from the beginning');
      ledger.restart();
    }
    await passDeadLetters();
    intake.readFrom(ledger.cursor().position);
  }

  /** What died before and lies ahead, after a restart from the beginning, is not tried again. */
  async function passDeadLetters(): Promise<void> {
    const letters = await journal.deadLetters(instance, ledger.cursor().position);
    delivery.deadPositions.clear();
    for (const { position } of letters) delivery.deadPositions.add(position);
  }

  /** Whether the journal could be read. */
  async function readOn(): Promise<boolean> {
    try {
      await catchUp(reading);
      return true;
    } catch (error) {
      if (isJournalFailed(error)) throw error;
      enter('retrying', `the journal cannot be read: ${describeError(error)}`);
      await pause(backoffDelay(retry, 3, error), signal);
      return false;
    }
  }

  /** Delivers what there is, or waits for more. */
  async function turn(): Promise<void> {
    if (!intake.isLive() && queue.size === 0 && !(await readOn())) return;
    const batch = queue.take(host.batch);
    if (batch.incidents.length > 0) {
      await occupied(async () => {
        await deliver(delivery, batch);
        if (ledger.cursor().position < batch.through) intake.readFrom(ledger.cursor().position);
      });
      return;
    }
    if (pass(batch.through)) moved();
    if (mayCommit()) await commit();
    else if (intake.isLive()) await rest();
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

  /** A delivery, or what somebody asked for between two of them. */
  async function occupied(work: () => Promise<void>): Promise<void> {
    enter('working');
    busy = true;
    await work();
    busy = false;
    moved();
  }

  async function rest(): Promise<void> {
    if (asides.size > 0 || signal.aborted) return; // while this turn came to nothing
    enter('idle');
    resting = true;
    await news.wait();
    resting = false;
  }

  async function run(): Promise<void> {
    if (!life.isStarted() && !(await life.startAgain())) return;
    const turns = createEventLoopYield();
    while (!signal.aborted) {
      if (asides.size > 0) await occupied(asides.next);
      await turn();
      if (state.is('idle')) turns.afterRest();
      const yielded = turns.afterWork();
      if (yielded !== undefined) await yielded;
    }
  }

  async function begin(): Promise<void> {
    const { before, last } = journal.bounds();
    const isNew = await ledger.load(entry.from === 'end' ? last : before);
    // At once: a crash must not move where it begins.
    if (isNew && journal.durable) await commit();
    if (!(await life.start())) {
      const { failure = 'unknown' } = state.now();
      context.log.error('does not start; it is tried again', { error: failure });
      host.startFailed(instance, handler.name, failure);
    }
    loop = run().catch(stopped);
  }

  function stopped(error: unknown): void {
    asides.stop();
    if (signal.aborted) return;
    if (isJournalFailed(error)) host.journalFailed(error);
    enter('retrying', describeError(error));
    context.log.error('has stopped: nothing is lost, but nothing more is delivered', {
      error: describeError(error),
    });
  }

  return {
    instance,
    start() {
      starting = begin();
      return starting;
    },
    offer: intake.offer,
    offerRun: intake.offerRun,
    offered(position) {
      queue.routed = Math.max(queue.routed, position);
      if (queue.size > host.batch * LIVE_BATCHES) intake.fallBehind();
      if (intake.isLive() && resting && queue.size === 0 && pass(queue.routed) && !mayCommit()) return;
      news.notify();
    },
    isLive: intake.isLive,
    fallBehind: intake.fallBehind,
    wake: () => news.notify(),
    status: () => ({
      instance,
      handler: handler.name,
      ...state.now(),
      counts: ledger.cursor().counts,
      position: ledger.cursor().position,
      counters: countersOf(handler, context.log),
      pending: Math.max(0, journal.bounds().last - ledger.cursor().position),
    }),
    committed: () => ledger.committed(),
    isDone: () => !busy && ledger.cursor().position >= journal.bounds().last,
    movedAt: state.movedAt,
    stored: (stream) => attempts.stored(stream),
    isBusy: () => busy,
    retryDeadLetters: (positions, replay) => letterWork(replay).retry(positions),
    dropDeadLetters: (isDropped, replay) => letterWork(replay).drop(isDropped),
    replay: replayer.replay,
    forget(isForgotten) {
      if (handler.forget === undefined || !life.isStarted()) return undefined;
      return asides.add(async () => (await handler.forget?.(isForgotten)) ?? '');
    },
    async forgotten() {
      generation += 1;
      intake.fallBehind();
      news.notify();
      await passDeadLetters();
    },
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
      asides.stop();
      losses.flush();
      news.notify();
      await starting?.catch(() => undefined); // whoever called start is told
      await loop;
    },
    async close() {
      await life.close();
      enter('closed');
    },
  };
}
