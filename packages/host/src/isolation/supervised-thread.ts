import { describeError, type HandlerContext, isIhandlerError, temporary } from '@ihandler/core';
import { backoffDelay, formatDuration, pause } from '@ihandler/core/kit';
import { HandlerThread, type ThreadHost } from './handler-thread.ts';
import type { IsolationLimits } from './limits.ts';
import type { HandlerProgram, ThreadCalls, ThreadMethod } from './messages.ts';
import { stateText } from './thread-state.ts';

/** The delay before a thread that has ended is started again, in milliseconds. */
const RESTART = { base: 200, cap: 60_000, jitter: 0 };

/** A delivery waits for a restart that is due within this time, in milliseconds. */
const SOON = 10_000;

/** How an isolated handler is doing. Times are milliseconds since the Unix epoch. */
export interface IsolationStatus {
  readonly limits: IsolationLimits;
  /** How often its thread has ended by itself, or was ended, since the host started. */
  readonly ends: number;
  /** The last of these. */
  readonly lastEnd: { readonly at: number; readonly reason: string } | null;
}

/** What a supervised thread runs. */
export interface SupervisedParts {
  /** The program of the thread. */
  readonly worker: URL;
  readonly program: HandlerProgram;
  readonly limits: IsolationLimits;
  /** Whether its handler keeps a checkpoint, which must be read after each start before anything is written. */
  readonly hasCheckpoint: boolean;
  /** Serves a thread for a started handler. */
  serve(context: HandlerContext): Omit<ThreadHost, 'ended'>;
}

/** Keeps a handler running in a thread from `start` to `close`: a thread that ends is started again with back-off. */
export class SupervisedThread {
  readonly #parts: SupervisedParts;
  #context: HandlerContext | undefined;
  #thread: HandlerThread | undefined;
  /** The thread before: nothing else may start while its files may be open. */
  #gone: Promise<void> = Promise.resolve();
  #restarting: { readonly done: Promise<void>; readonly at: number } | undefined;
  #stopping = new AbortController();
  /** How often it has ended since it last delivered something. */
  #failures = 0;
  #ends = 0;
  #lastEnd: { readonly at: number; readonly reason: string } | null = null;
  #needsCheckpoint = false;

  constructor(parts: SupervisedParts) {
    this.#parts = parts;
  }

  get status(): IsolationStatus {
    return { limits: this.#parts.limits, ends: this.#ends, lastEnd: this.#lastEnd };
  }

  /** Starts a thread and the handler in it. Throws what its start throws, and ends the thread. */
  async start(context: HandlerContext): Promise<void> {
    this.#context = context;
    this.#stopping = new AbortController();
    this.#failures = 0;
    context.signal.addEventListener('abort', () => this.#thread?.abort(), { once: true });
    await this.#begin(context);
  }

  /** Closes the handler and ends its thread. Throws what its close throws. */
  async close(): Promise<void> {
    this.#stopping.abort();
    this.#context = undefined;
    const thread = this.#thread;
    this.#thread = undefined;
    try {
      if (thread !== undefined && !thread.isOver) await thread.call('close', []);
    } finally {
      await thread?.end();
      await this.#gone;
    }
  }

  /**
   * Calls a method of the running handler. Rejects with its error, and with the reason when the thread ends; while it
   * restarts, with a temporary error.
   */
  async deliver<M extends 'listen' | 'write'>(
    method: M,
    args: ThreadCalls[M],
    context: HandlerContext,
  ): Promise<unknown> {
    const left = (this.#restarting?.at ?? 0) - performance.now();
    // A temporary failure for each short wait would make the lane wait longer and longer.
    if (this.#thread === undefined && left < SOON) await this.#restarting?.done;
    const thread = this.#running();
    if (this.#needsCheckpoint && method === 'write')
      throw temporary('The isolated handler was restarted: its checkpoint is read first.');
    const result = await thread.call(method, args, context);
    this.#failures = 0;
    return result;
  }

  /** Calls another method; waits for a restart. */
  async call<M extends Exclude<ThreadMethod, 'listen' | 'write' | 'start' | 'close' | 'describe'>>(
    method: M,
    ...args: ThreadCalls[M]
  ): Promise<unknown> {
    if (this.#thread === undefined) await this.#restarting?.done;
    const result = await this.#running().call(method, args);
    if (method === 'checkpoint') this.#needsCheckpoint = false;
    return result;
  }

  #running(): HandlerThread {
    if (this.#thread !== undefined) return this.#thread;
    const reason = this.#lastEnd?.reason ?? 'it is closed';
    const left = Math.max(1, (this.#restarting?.at ?? 0) - performance.now());
    throw temporary(`${reason}; restarting in ${formatDuration(left)}`, { retryAfter: Math.ceil(left) + 50 });
  }

  async #begin(context: HandlerContext): Promise<void> {
    await this.#gone;
    const { worker, program, limits, hasCheckpoint, serve } = this.#parts;
    const thread: HandlerThread = new HandlerThread(worker, program, limits, {
      ...serve(context),
      ended: (reason) => this.#onEnd(thread, reason),
    });
    this.#gone = thread.exited;
    try {
      await thread.call('start', [
        {
          instance: context.instance,
          sensor: context.sensor,
          dataDir: context.dataDir,
          durable: context.durable,
          state: stateText(context.state.get()),
          origins: context.origins.all(),
          asksTime: context.now !== Date.now,
          asksFetch: context.fetch !== globalThis.fetch,
        },
      ]);
    } catch (error) {
      await thread.end();
      throw error;
    }
    if (this.#context !== context) {
      await thread.end(); // closed meanwhile
      return;
    }
    this.#needsCheckpoint = hasCheckpoint;
    this.#thread = thread;
    if (context.signal.aborted) thread.abort();
  }

  /** A thread has ended by itself: counts it, and starts another one. */
  #onEnd(thread: HandlerThread, reason: Error): void {
    this.#ends += 1;
    this.#lastEnd = { at: Date.now(), reason: describeError(reason) };
    if (this.#thread !== thread) return; // it was starting: the caller of `start` handles the failure
    this.#thread = undefined;
    const context = this.#context;
    if (context === undefined) return;
    context.log.error('isolated handler ended, restarting', {
      error: this.#lastEnd.reason,
      ...(reason.cause instanceof Error && { stack: reason.cause.stack }),
    });
    this.#restart(context);
  }

  #restart(context: HandlerContext): void {
    const delay = backoffDelay(RESTART, this.#failures);
    this.#failures += 1;
    const signal = AbortSignal.any([this.#stopping.signal, context.signal]);
    const done = (async () => {
      await pause(delay, signal);
      if (signal.aborted) return;
      try {
        await this.#begin(context);
        context.log.info('isolated handler restarted');
      } catch (error) {
        if (signal.aborted) return;
        const failure = describeError(error);
        this.#lastEnd = { at: Date.now(), reason: `the isolated handler does not start: ${failure}` };
        context.log[isIhandlerError(error) ? 'error' : 'warn'](
          'restart of isolated handler failed, retrying',
          {
            error: failure,
          },
        );
        this.#restart(context);
      }
    })();
    this.#restarting = { done, at: performance.now() + delay };
  }
}
