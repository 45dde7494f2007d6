import {
  type Checkpoint,
  CONTRACT,
  type Handler,
  type HandlerContext,
  type Incident,
  isWriting,
  type Listener,
  type ReportOptions,
  type UntypedData,
} from '@ihandler/core';
import type { AtPoint } from '../disk.ts';
import { validGlobs } from './globs.ts';
import { type Misreport, misreportOf } from './misreport.ts';
import { soundReports } from './schemas.ts';

/** A point at which a test may intervene: before a handler is called, after it returned, and after it failed. */
export type HandlerPoint = 'deliver' | 'delivered' | 'failed';

/** One call of a listener or of `write`. */
export interface Call {
  readonly ids: readonly string[];
  /** A copy of the checkpoint passed to `write`; absent for a listener. */
  readonly checkpoint?: Checkpoint;
  state: 'running' | 'done' | 'failed';
  error?: unknown;
}

/** A handler under test, as the dispatcher sees it. */
export interface Observed {
  /**
   * Forwards every call to the handler under test. Faults that have a rule of their own (contract, name, invalid globs,
   * reports that are not allowed) do not reach the dispatcher, so that they fail that rule only.
   */
  readonly handler: Handler;
  readonly calls: readonly Call[];
  readonly misreports: readonly Misreport[];
  /** The errors of `close`: thrown errors, and one while a call has not returned. */
  readonly closeErrors: ReadonlySet<unknown>;
}

type MutableCall = { -readonly [Key in keyof Call]: Call[Key] };

/** Wraps a handler so that every call of the dispatcher is recorded. */
export function observe(inner: Handler, at: AtPoint<HandlerPoint> = () => undefined): Observed {
  const calls: MutableCall[] = [];
  const misreports: Misreport[] = [];
  const closeErrors = new Set<unknown>();

  /** Makes a context whose reports are checked. `batch` is the delivery; absent for the context of `start`. */
  function lend(context: HandlerContext, batch?: readonly Incident[]) {
    const delivery = { isOver: false };
    function report(origin: string, data: UntypedData, options?: ReportOptions): Promise<void> {
      const problem = misreportOf(inner, { origin, data, options, batch, isLate: delivery.isOver });
      if (problem === undefined) return context.report(origin, data, options);
      misreports.push(problem);
      return Promise.resolve();
    }
    return { delivery, context: { ...context, report } };
  }

  async function watched(
    call: MutableCall,
    context: HandlerContext,
    batch: readonly Incident[],
    deliver: (context: HandlerContext) => unknown,
  ): Promise<void> {
    await at('deliver');
    const lent = lend(context, batch);
    calls.push(call);
    try {
      await deliver(lent.context);
    } catch (error) {
      Object.assign(call, { state: 'failed', error });
      await at('failed');
      throw error;
    } finally {
      lent.delivery.isOver = true;
    }
    call.state = 'done';
    await at('delivered');
  }

  function listen(listener: Listener): Listener {
    return (incident, context) =>
      watched({ ids: [incident.id], state: 'running' }, context, [incident], (lent) =>
        listener(incident, lent),
      );
  }

  const base = {
    contract: CONTRACT,
    name: 'conformance',
    reports: soundReports(inner),
    start: (context: HandlerContext) => inner.start?.(lend(context).context),
    async close() {
      const pending = new Error('close() has not returned');
      closeErrors.add(pending);
      try {
        await inner.close?.();
      } catch (error) {
        closeErrors.add(error);
      }
      closeErrors.delete(pending);
    },
    reopen: () => inner.reopen?.(),
    ...(inner.forget !== undefined && {
      forget: async (isForgotten: (host: string) => boolean) => (await inner.forget?.(isForgotten)) ?? '',
    }),
  } as const;

  function handlerOf(): Handler {
    const globs = validGlobs(inner);
    if (!isWriting(inner)) {
      const on = globs.flatMap((glob) => {
        const listener = inner.on[glob];
        return typeof listener === 'function' ? [[glob, listen(listener)] as const] : [];
      });
      return { ...base, on: Object.fromEntries(on) };
    }
    return {
      ...base,
      accepts: globs,
      ...(inner.checkpoint !== undefined && { checkpoint: async () => (await inner.checkpoint?.()) ?? {} }),
      write: (batch, checkpoint, context) =>
        watched(
          { ids: batch.map(({ id }) => id), checkpoint: { ...checkpoint }, state: 'running' },
          context,
          batch,
          (lent) => inner.write(batch, checkpoint, lent),
        ),
    };
  }

  return { handler: handlerOf(), calls, misreports, closeErrors };
}
