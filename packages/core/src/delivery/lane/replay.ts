import { IhandlerError } from '../../contract/error.ts';
import { isWriting } from '../../contract/handler.ts';
import type { DeliveryCounts, JournalRun } from '../../contract/journal.ts';
import { compileGlob } from '../../routing/glob.ts';
import { backoffDelay, pause } from '../../timing/retry.ts';
import type { ReplayOptions } from '../dispatcher-options.ts';
import type { AsideHost } from './aside-host.ts';
import { type DeliveryHost, deliver } from './deliver.ts';
import { createLaneCursor, type LaneCursor } from './lane-cursor.ts';
import { createLaneQueue } from './lane-queue.ts';

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

function checkName(name: string): void {
  if (!namePattern.test(name))
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected a name of a replay of letters, digits, ".", "_" and "-", found ${JSON.stringify(name)}.`,
    );
}

/** Replays the journal to an instance, a batch at a time in the lane's turn. */
export interface Replayer {
  replay(options: ReplayOptions): Promise<DeliveryCounts>;
  /** The name of the replay that goes on: nobody else may touch its counts. */
  running(): string | undefined;
}

/** Makes the replayer of a lane. */
export function createReplayer(host: AsideHost): Replayer {
  const { journal, context, attempts, retry, handler } = host;
  let running: string | undefined;

  async function begin(ledger: LaneCursor, since: number | undefined): Promise<void> {
    const from = since === undefined ? journal.bounds().before : await journal.positionBefore(since);
    if (await ledger.load(from)) await host.commitOf(ledger);
  }

  async function run({ name, since, only, signal, onProgress }: ReplayOptions): Promise<DeliveryCounts> {
    const globs = only?.map(compileGlob);
    const instance = `${context.instance}@${name}`;
    const ledger = createLaneCursor(journal, instance);
    const stop = signal === undefined ? context.signal : AbortSignal.any([signal, context.signal]);
    // What the lane has not passed yet comes by itself, in order: a checkpoint must not run ahead of it.
    const through = Math.min(journal.bounds().last, host.ledger.cursor().position);
    await begin(ledger, since);
    const from = ledger.cursor().position;
    let passing: unknown;

    const delivery: DeliveryHost = {
      attempts: { ...attempts, attempt: attempts.attemptAgain },
      ledger,
      retry,
      instance,
      context: { ...context, signal: stop },
      handler: handler.name,
      writing: isWriting(handler),
      deadPositions: new Set(),
      commit: () => host.commitOf(ledger),
      enter: host.enter,
      wanted: () => stop,
      giveWay: (error) => {
        passing = error;
      },
    };

    /** What the instance has among its dead letters is tried again by itself, or it would be handled twice. */
    async function deadAfter(position: number): Promise<ReadonlySet<number>> {
      const letters = await journal.deadLetters(context.instance, position, host.batch);
      return new Set(letters.map((letter) => letter.position));
    }

    function lose(before: number): void {
      const count = ledger.lose(before);
      context.log.error('incidents were gone from the journal before they were replayed', { count });
    }

    /** One batch, or as much as is read at once. */
    async function slice(): Promise<void> {
      const { position } = ledger.cursor();
      const read: JournalRun = await journal.read(position, Math.min(host.batch, through - position));
      if (read.before > position) return lose(Math.min(read.before, through));
      const queue = createLaneQueue(position);
      const dead = await deadAfter(position);
      for (const [index, incident] of read.incidents.entries()) {
        const reached =
          globs?.some((matches) => matches(incident.origin)) === false ? undefined : host.reach(incident);
        if (reached !== undefined && !dead.has(position + 1 + index))
          queue.push(incident, position + 1 + index, reached);
      }
      // An empty read below the end is what retention took from under us: nothing comes there any more.
      queue.routed = read.incidents.length === 0 ? through : position + read.incidents.length;
      await deliver(delivery, queue.take(host.batch));
      if (ledger.isOwing()) await host.commitOf(ledger);
    }

    for (let failures = 0; ledger.cursor().position < through; ) {
      stop.throwIfAborted();
      passing = undefined;
      await host.aside(slice);
      onProgress?.(ledger.cursor().position - from, through - from);
      failures = passing === undefined ? 0 : failures + 1;
      if (passing !== undefined) await pause(backoffDelay(retry, failures - 1, passing), stop);
    }
    return ledger.cursor().counts;
  }

  async function replay(options: ReplayOptions): Promise<DeliveryCounts> {
    checkName(options.name);
    if (running !== undefined)
      throw new IhandlerError(
        'LIFE_CYCLE',
        `${context.instance} is being replayed already, as ${JSON.stringify(running)}: wait until that is through, or stop it.`,
      );
    running = options.name;
    try {
      return await run(options);
    } finally {
      running = undefined;
    }
  }

  return { replay, running: () => running };
}
