import {
  decodeIncident,
  type Handler,
  type HandlerContext,
  IhandlerError,
  isWriting,
  listenerFor,
} from '@ihandler/core';
import { createHandler } from './create-handler.ts';
import type {
  ContextData,
  EncodedDelivery,
  Handled,
  HandlerDescription,
  HandlerProgram,
  ThreadCalls,
  ThreadMethod,
} from './messages.ts';
import { createContexts, type HostLink } from './thread-context.ts';
import { type StateText, ThreadState } from './thread-state.ts';
import { encodeError } from './transfer-error.ts';
import { encodeSchema } from './transfer-schema.ts';

/** How long asynchronous listeners may take before what they have handled is acknowledged, in milliseconds. */
const ACKNOWLEDGE_AFTER = 250;

function globsOf(handler: Handler): readonly string[] {
  if (isWriting(handler)) return Array.isArray(handler.accepts) ? handler.accepts : [];
  const wrong = Object.entries(handler.on ?? {}).find(([, listener]) => typeof listener !== 'function');
  if (wrong !== undefined)
    throw new IhandlerError(
      'HANDLER_INVALID',
      `The handler ${handler.name}: expected a function as the listener of "${wrong[0]}", found ${typeof wrong[1]}.`,
    );
  return Object.keys(handler.on ?? {});
}

function describe(handler: Handler): HandlerDescription {
  const writes = isWriting(handler);
  const reports = Object.entries(handler.reports ?? {});
  return {
    name: handler.name,
    globs: globsOf(handler),
    writes,
    hasCheckpoint: writes && handler.checkpoint !== undefined,
    hasForget: handler.forget !== undefined,
    hasReopen: handler.reopen !== undefined,
    hasCounters: handler.counters !== undefined,
    reports: Object.fromEntries(reports.map(([origin, schema]) => [origin, encodeSchema(schema)])),
  };
}

async function listen(
  handler: Handler,
  deliveries: readonly EncodedDelivery[],
  context: HandlerContext,
  state: ThreadState,
): Promise<Handled> {
  const listeners = isWriting(handler)
    ? []
    : Object.entries(handler.on).map(([glob, listener]) => listenerFor(glob, listener));
  let deadline: number | undefined;
  for (const [done, { text, globs }] of deliveries.entries()) {
    try {
      const incident = decodeIncident(text);
      for (const glob of globs) {
        const promise: unknown = listeners[glob]?.(incident, context);
        if (typeof promise !== 'object' || promise === null) continue;
        deadline ??= performance.now() + ACKNOWLEDGE_AFTER;
        await promise;
      }
      state.accept();
    } catch (error) {
      return { done, failure: { error: encodeError(error) } };
    }
    if (deadline !== undefined && performance.now() > deadline) return { done: done + 1 };
  }
  return { done: deliveries.length };
}

/** A handler in a thread, called by the names of its methods. */
export interface ServedHandler {
  perform(id: number, method: ThreadMethod, args: readonly unknown[]): Promise<unknown>;
  /** What the handler counts, when that has changed since the last call. */
  changedCounters(): Readonly<Record<string, number>> | undefined;
}

/** Serves the handler of a program; it is created with the first call. */
export function serveHandler(program: HandlerProgram, link: HostLink, signal: AbortSignal): ServedHandler {
  let created: Promise<Handler | string> | undefined;
  let handler: Handler | undefined;
  let contexts: ((call?: number) => HandlerContext) | undefined;
  const state = new ThreadState();
  let counted = '';

  async function loaded(): Promise<Handler> {
    created ??= createHandler(program);
    const result = await created;
    if (typeof result === 'string') throw new IhandlerError('HANDLER_INVALID', result);
    handler = result;
    return result;
  }

  function lent(id: number): HandlerContext {
    if (contexts === undefined) throw new Error('expected a started handler');
    return contexts(id);
  }

  async function write(own: Handler, id: number, args: readonly unknown[]): Promise<StateText | undefined> {
    // Safe: the host sends what `ThreadCalls` says.
    const [batch, checkpoint, known] = args as ThreadCalls['write'];
    if (!isWriting(own)) throw new Error('expected a handler that writes');
    const covered: Record<string, number> = Object.assign(Object.create(null), checkpoint);
    state.begin(id, known);
    try {
      await own.write(Object.freeze(batch.map(decodeIncident)), Object.freeze(covered), lent(id));
      state.accept();
    } finally {
      state.end();
    }
    return state.changed();
  }

  return {
    async perform(id, method, args) {
      const own = handler ?? (await loaded());
      switch (method) {
        case 'describe':
          return describe(own);
        case 'start':
          // Safe: the host sends what `ThreadCalls` says.
          contexts = createContexts(link, own, args[0] as ContextData, signal, state);
          await own.start?.(contexts());
          return undefined;
        case 'listen': {
          const [deliveries, known] = args as ThreadCalls['listen'];
          state.begin(id, known);
          const handled = await listen(own, deliveries, lent(id), state);
          state.end();
          return { ...handled, state: state.changed() };
        }
        case 'write':
          return write(own, id, args);
        case 'checkpoint':
          return { ...(isWriting(own) ? await own.checkpoint?.() : undefined) };
        case 'reopen':
          await own.reopen?.();
          return undefined;
        case 'forget': {
          const known = new Map<string, boolean>();
          return own.forget?.((host) => {
            const answer =
              known.get(host) ?? link.ask({ type: 'question', kind: 'isForgotten', host }) === true;
            if (known.size < 100_000) known.set(host, answer);
            return answer;
          });
        }
        case 'close':
          await own.close?.();
          return undefined;
      }
    },
    changedCounters() {
      try {
        const counters = handler?.counters?.();
        const text = JSON.stringify(counters) ?? '';
        if (counters === undefined || text === counted) return undefined;
        counted = text;
        return counters;
      } catch {
        return undefined; // the status of the others must not suffer
      }
    },
  };
}
