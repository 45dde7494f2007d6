import { mkdir } from 'node:fs/promises';
import { describeError, isIhandlerError } from '../../contract/error.ts';
import type { Handler, HandlerContext } from '../../contract/handler.ts';
import { backoffDelay, pause, type RetryPolicy } from '../../timing/retry.ts';

/** What starting a handler needs of its lane. */
export interface LifeHost {
  readonly handler: Handler;
  readonly context: HandlerContext;
  readonly retry: Required<RetryPolicy>;
  enter(state: 'starting' | 'idle', failure?: string): void;
  /** Finds out where the handler is, once it has started; when this fails, the start has failed. */
  resume(): Promise<void>;
}

/** Starts and closes a handler: it is closed once for each start that succeeded. */
export interface HandlerLife {
  /** Starts it, and tells whether that succeeded. Throws what only the user can put right. */
  start(): Promise<boolean>;
  /** Starts it until that succeeds; false when the lane is stopped before. */
  startAgain(): Promise<boolean>;
  isStarted(): boolean;
  close(): Promise<void>;
}

/** Begins nothing yet. */
export function createHandlerLife({ handler, context, retry, enter, resume }: LifeHost): HandlerLife {
  let started = false;

  async function start(): Promise<boolean> {
    enter('starting');
    try {
      await mkdir(context.dataDir, { recursive: true });
      await handler.start?.(context);
      started = true;
      await resume();
      enter('idle');
      return true;
    } catch (error) {
      enter('starting', describeError(error));
      await close();
      if (isIhandlerError(error)) throw error;
      return false;
    }
  }

  async function startAgain(): Promise<boolean> {
    const { signal } = context;
    for (let failures = 0; !signal.aborted; failures += 1) {
      await pause(backoffDelay(retry, failures, undefined), signal);
      if (signal.aborted) return false;
      if (await start().catch(() => false)) return true;
    }
    return false;
  }

  async function close(): Promise<void> {
    if (!started) return;
    started = false;
    try {
      await handler.close?.();
    } catch (error) {
      context.log.error('did not close well', { error: describeError(error) });
    }
  }

  return { start, startAgain, isStarted: () => started, close };
}
