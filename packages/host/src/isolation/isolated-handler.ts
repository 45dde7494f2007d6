import {
  CONTRACT,
  encodeIncident,
  type Handler,
  type HandlerContext,
  IhandlerError,
  type Incident,
  type Listener,
  type ListeningHandler,
  type ReportOptions,
  type UntypedData,
  type Value,
  type WritingHandler,
} from '@ihandler/core';
import { HandlerThread, type ThreadHost } from './handler-thread.ts';
import type { IsolationLimits } from './limits.ts';
import type {
  FetchRequest,
  FetchResponse,
  Handled,
  HandlerDescription,
  HandlerProgram,
  ReportRequest,
} from './messages.ts';
import { type IsolationStatus, SupervisedThread } from './supervised-thread.ts';
import { type StateText, stateText, stateValue } from './thread-state.ts';
import { decodeError } from './transfer-error.ts';
import { decodeSchema, type Verdict } from './transfer-schema.ts';

/** The size of a batch for listeners, in characters, after which the rest waits for the next one. */
const BATCH_TEXT = 8 * 2 ** 20;

const threads = new WeakMap<Handler, SupervisedThread>();

/** How an isolated handler is doing; undefined for a handler that runs in this thread. */
export function isolationOf(handler: Handler): IsolationStatus | undefined {
  return threads.get(handler)?.status;
}

/** A thread that only describes its handler has nothing to ask. */
const mute: ThreadHost = {
  log: () => undefined,
  request: () => Promise.reject(new IhandlerError('LIFE_CYCLE', 'The handler has not been started.')),
  now: () => Date.now(),
  isForgotten: () => false,
  counters: () => undefined,
  ended: () => undefined,
};

/** Loads the handler in a thread of its own, and ends that. Throws what loading it, or its factory, throws. */
async function describe(
  worker: URL,
  program: HandlerProgram,
  limits: IsolationLimits,
): Promise<HandlerDescription> {
  const thread = new HandlerThread(worker, program, limits, mute);
  try {
    // Safe: a thread answers `describe` with a description.
    return (await thread.call('describe', [])) as HandlerDescription;
  } finally {
    await thread.end();
  }
}

async function performFetch(fetch: typeof globalThis.fetch, request: FetchRequest): Promise<FetchResponse> {
  const response = await fetch(request.url, {
    method: request.method,
    headers: request.headers.map(([name, value]): [string, string] => [name, value]),
    ...(request.body !== undefined && { body: Buffer.from(request.body) }),
  });
  return {
    status: response.status,
    headers: [...response.headers],
    body: new Uint8Array(await response.arrayBuffer()),
  };
}

/** The wall between a handler in a thread and the dispatcher, which uses it as any other handler. */
class IsolatedHandler {
  readonly #description: HandlerDescription;
  readonly #thread: SupervisedThread;
  #counters: Readonly<Record<string, number>> = {};
  /** What the thread's schema says about the report that is being made. */
  #verdict: Verdict | undefined;
  #isForgotten: (host: string) => boolean = () => false;
  /** The state that the thread knows. */
  #state: Value | undefined;

  constructor(
    worker: URL,
    program: HandlerProgram,
    limits: IsolationLimits,
    description: HandlerDescription,
  ) {
    this.#description = description;
    this.#thread = new SupervisedThread({
      worker,
      program,
      limits,
      hasCheckpoint: description.hasCheckpoint,
      serve: (context) => ({
        log: (level, message, details) => context.log[level](message, details),
        request: (message, lent) =>
          message.kind === 'report'
            ? this.#report(message.value, lent ?? context)
            : performFetch(context.fetch, message.value),
        now: () => context.now(),
        isForgotten: (host) => this.#isForgotten(host),
        counters: (counters) => {
          this.#counters = counters;
        },
      }),
    });
  }

  /** The handler for the dispatcher. */
  handler(): Handler {
    const { name, hasForget, hasReopen, hasCounters, reports } = this.#description;
    const base = {
      contract: CONTRACT,
      name,
      reports: Object.fromEntries(
        Object.entries(reports).map(([origin, schema]) => [
          origin,
          decodeSchema(origin, schema, () => this.#verdict),
        ]),
      ),
      start: (context: HandlerContext) => {
        this.#state = context.state.get();
        return this.#thread.start(context);
      },
      close: () => this.#thread.close(),
      ...(hasReopen && { reopen: async () => void (await this.#thread.call('reopen')) }),
      ...(hasForget && { forget: (isForgotten: (host: string) => boolean) => this.#forget(isForgotten) }),
      ...(hasCounters && { counters: () => this.#counters }),
    } as const;
    const handler = this.#description.writes
      ? { ...base, ...this.#writing() }
      : { ...base, ...this.#listening() };
    threads.set(handler, this.#thread);
    return handler;
  }

  #writing(): Pick<WritingHandler, 'accepts' | 'write' | 'checkpoint'> {
    const { globs, hasCheckpoint } = this.#description;
    return {
      accepts: globs,
      write: async (batch, checkpoint, context) => {
        const args = [batch.map(encodeIncident), { ...checkpoint }, this.#unknownState(context)] as const;
        // Safe: a thread answers `write` with this.
        const state = (await this.#thread.deliver('write', [...args], context)) as StateText | undefined;
        this.#setState(state, context);
      },
      // Safe: a thread answers `checkpoint` with one.
      ...(hasCheckpoint && {
        checkpoint: async () => (await this.#thread.call('checkpoint')) as Record<string, number>,
      }),
    };
  }

  #listening(): Pick<ListeningHandler, 'on' | 'listenToMany'> {
    const { globs } = this.#description;
    const indexes = new Map<Listener, number>();
    const on = globs.map((glob, index) => {
      const listener: Listener = async (incident, context) => {
        const { failure } = await this.#listen([incident], () => [index], context);
        if (failure !== undefined) throw failure.error;
      };
      indexes.set(listener, index);
      return [glob, listener] as const;
    });
    return {
      on: Object.fromEntries(on),
      listenToMany: (incidents, listenersOf, context) =>
        this.#listen(incidents, (at) => listenersOf(at).flatMap((one) => indexes.get(one) ?? []), context),
    };
  }

  async #listen(
    incidents: readonly Incident[],
    globsOf: (at: number) => readonly number[],
    context: HandlerContext,
  ): Promise<Handled> {
    const deliveries: { readonly text: string; readonly globs: readonly number[] }[] = [];
    let size = 0;
    for (const [at, incident] of incidents.entries()) {
      const text = encodeIncident(incident);
      size += text.length;
      if (at > 0 && size > BATCH_TEXT) break;
      deliveries.push({ text, globs: globsOf(at) });
    }
    const handled = await this.#thread.deliver('listen', [deliveries, this.#unknownState(context)], context);
    // Safe: a thread answers `listen` with this.
    const { done, failure, state } = handled as Handled;
    if (done > 0) this.#setState(state, context);
    if (failure !== undefined) return { done, failure: { error: decodeError(failure.error) } };
    if (done > 0 && done <= deliveries.length) return { done };
    throw new Error(`the thread says that it has handled ${done} of ${deliveries.length} incidents`);
  }

  /** The state, when the thread does not know it: it was removed, or the delivery that set it failed after all. */
  #unknownState({ state }: HandlerContext): StateText | undefined {
    const value = state.get();
    if (value === this.#state) return undefined;
    this.#state = value;
    return stateText(value);
  }

  #setState(text: StateText | undefined, { state }: HandlerContext): void {
    if (text === undefined) return;
    state.set(stateValue(text));
    this.#state = state.get();
  }

  async #forget(isForgotten: (host: string) => boolean): Promise<string> {
    this.#isForgotten = isForgotten;
    try {
      return String(await this.#thread.call('forget'));
    } finally {
      this.#isForgotten = () => false;
    }
  }

  async #report({ origin, data, options, issues }: ReportRequest, context: HandlerContext): Promise<void> {
    // The schema is asked at once, before `report` returns its promise.
    this.#verdict = issues === undefined ? undefined : { issues };
    let reported: Promise<void>;
    try {
      // Safe: the dispatcher checks them, as it does those of any handler.
      reported = context.report(origin, data as UntypedData, options as ReportOptions);
    } finally {
      this.#verdict = undefined;
    }
    await reported;
  }
}

/**
 * Creates a handler that runs in worker threads of its own, under the same contract. Throws what loading it, or its factory,
 * throws. `worker` is the program of the thread.
 */
export async function isolateHandler(
  worker: URL,
  program: HandlerProgram,
  limits: IsolationLimits,
): Promise<Handler> {
  const description = await describe(worker, program, limits);
  return new IsolatedHandler(worker, program, limits, description).handler();
}
