import { getHeapStatistics } from 'node:v8';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import {
  type Handler,
  type HandlerContext,
  type LogLevel,
  type ReportOptions,
  temporary,
} from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import {
  type ContextData,
  type FetchRequest,
  type FetchResponse,
  type FromThread,
  SharedState,
} from './messages.ts';
import type { ThreadState } from './thread-state.ts';

/** Unread messages at which log lines are dropped, and at which reports are refused. */
const LOG_FLOOD = 500;
const REPORT_FLOOD = 1000;
/** How often the thread shows that its event loop turns, in milliseconds. */
const BEAT_PERIOD = 200;

/** The thread's end of the wall: what a handler uses of its host. */
export interface HostLink {
  post(message: FromThread): void;
  /** Asks the host and waits for the answer, while nothing else runs in this thread. */
  ask(question: Extract<FromThread, { type: 'question' }>): unknown;
  /** Sends a request; resolves with the answer. */
  request(kind: 'report' | 'fetch', value: unknown): Promise<unknown>;
  log(level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>): void;
  /** Settles a request. */
  answered(id: number, value: unknown, error: unknown): void;
}

/** Connects a thread to its host. `decode` turns the data of an error into an error. */
export function linkToHost(
  port: MessagePort,
  { shared, answers }: { readonly shared: SharedArrayBuffer; readonly answers: MessagePort },
  decode: (error: unknown) => unknown,
): HostLink {
  const state = new Int32Array(shared);
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>();
  let lastRequest = 0;
  let dropped = 0;

  function beat(): void {
    Atomics.add(state, SharedState.BEAT, 1);
    Atomics.store(state, SharedState.EXTERNAL, Math.round(getHeapStatistics().external_memory / 2 ** 20));
  }
  beat();
  setInterval(beat, BEAT_PERIOD).unref();

  function isFlooded(limit: number): boolean {
    if (Atomics.load(state, SharedState.UNREAD) >= limit) return true;
    Atomics.add(state, SharedState.UNREAD, 1);
    return false;
  }

  function postLog(level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>): void {
    try {
      port.postMessage({ type: 'log', level, message, details } satisfies FromThread);
    } catch {
      // Functions and other values that cannot be copied.
      const texts = Object.entries(details ?? {}).map(([key, value]) => [key, String(value)]);
      port.postMessage({
        type: 'log',
        level,
        message,
        details: Object.fromEntries(texts),
      } satisfies FromThread);
    }
  }

  return {
    post: (message) => port.postMessage(message),
    ask(question) {
      Atomics.store(state, SharedState.ANSWERED, 0);
      port.postMessage(question);
      Atomics.wait(state, SharedState.ANSWERED, 0);
      return receiveMessageOnPort(answers)?.message;
    },
    request(kind, value) {
      if (isFlooded(REPORT_FLOOD))
        return Promise.reject(
          temporary('Too many reports and requests wait for the host: await each of them.'),
        );
      lastRequest += 1;
      const id = lastRequest;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        try {
          port.postMessage({ type: 'request', id, kind, value });
        } catch (error) {
          Atomics.sub(state, SharedState.UNREAD, 1);
          waiting.delete(id);
          reject(error);
        }
      });
    },
    log(level, message, details) {
      if (isFlooded(LOG_FLOOD)) {
        dropped += 1;
        return;
      }
      if (dropped > 0) {
        const lines = dropped;
        dropped = 0;
        Atomics.add(state, SharedState.UNREAD, 1);
        postLog('warn', 'log lines dropped: the handler wrote them faster than the host reads', { lines });
      }
      postLog(level, message, details);
    },
    answered(id, value, error) {
      const settle = waiting.get(id);
      waiting.delete(id);
      if (error === undefined) settle?.resolve(value);
      else settle?.reject(decode(error));
    },
  };
}

/** The issues of a report by the schema that the handler declares; undefined when it declares none for the origin. */
function issuesOf({ reports = {} }: Handler, origin: string, data: unknown): readonly string[] | undefined {
  const schema = Object.hasOwn(reports, origin) ? reports[origin] : undefined;
  if (schema === undefined) return undefined;
  const result = schema['~standard'].validate(data);
  if (result instanceof Promise) return [`the schema of ${origin} is asynchronous: use one that is not`];
  return (result.issues ?? []).map(({ message }) => message);
}

async function hostFetch(link: HostLink, request: Request): Promise<Response> {
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer());
  const { url, method, headers } = request;
  const sent: FetchRequest = { url, method, headers: [...headers], body };
  // Safe: the host answers a request of this kind with this type.
  const got = (await link.request('fetch', sent)) as FetchResponse;
  const isEmpty = [101, 204, 205, 304].includes(got.status);
  return new Response(isEmpty ? null : Buffer.from(got.body), {
    status: got.status,
    headers: got.headers.map(([name, value]): [string, string] => [name, value]),
  });
}

/** Makes contexts for a handler: that of `start`, and one for each call. */
export function createContexts(
  link: HostLink,
  handler: Handler,
  { state: stored, asksTime, asksFetch, origins, ...data }: ContextData,
  signal: AbortSignal,
  state: ThreadState,
): (call?: number) => HandlerContext {
  state.load(stored);
  const log = (level: LogLevel) => (message: string, details?: Readonly<Record<string, unknown>>) =>
    link.log(level, message, details);
  const base = {
    ...data,
    origins: createOrigins([{ origins }]),
    signal,
    log: Object.freeze({ error: log('error'), warn: log('warn'), info: log('info'), debug: log('debug') }),
    now: asksTime ? () => Number(link.ask({ type: 'question', kind: 'now' })) : () => Date.now(),
    fetch: asksFetch
      ? async (input: string | URL | Request, init?: RequestInit) => hostFetch(link, new Request(input, init))
      : globalThis.fetch,
  };
  return (call) =>
    Object.freeze({
      ...base,
      state: state.lend(call),
      async report(origin: string, given: unknown, options: ReportOptions = {}) {
        const { cause, place } = options;
        const named = cause && { id: cause.id, sensor: cause.sensor };
        const issues = issuesOf(handler, origin, given);
        await link.request('report', {
          call,
          origin,
          data: given,
          options: { ...(named && { cause: named }), ...(place && { place }) },
          issues,
        });
      },
    });
}
