import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { describeError, type HandlerContext, IhandlerError, type LogLevel } from '@ihandler/core';
import { formatBytes, formatDuration } from '@ihandler/core/kit';
import type { IsolationLimits } from './limits.ts';
import {
  type FromThread,
  type HandlerProgram,
  SharedState,
  type ThreadCalls,
  type ThreadData,
  type ThreadMethod,
  type ToThread,
} from './messages.ts';
import { decodeError, encodeError } from './transfer-error.ts';

/** How often a thread is looked at, in milliseconds. */
const WATCH_PERIOD = 250;
/** A watch that comes this late was held up itself, by this program or by a machine that slept, in milliseconds. */
const ASLEEP = 2000;
/** How long its event loop must stand still before the growth of the whole process counts as its own, in milliseconds. */
const SILENT = 1000;
/** Growth of the process that no thread is blamed for, in bytes. */
const SLACK = 128 * 2 ** 20;
/** To load, start, forget and close may take this many times as long as a delivery. */
const LONG = 10;
const MIB = 2 ** 20;

/** What a thread asks of its host. */
export interface ThreadHost {
  log(level: LogLevel, message: string, details?: Readonly<Record<string, unknown>>): void;
  /** `context` is that of the call in which the thread asks; undefined outside of calls. */
  request(
    message: Extract<FromThread, { type: 'request' }>,
    context: HandlerContext | undefined,
  ): Promise<unknown>;
  now(): number;
  isForgotten(host: string): boolean;
  counters(counters: Readonly<Record<string, number>>): void;
  /** The thread has ended without a call of `end`. */
  ended(reason: Error): void;
}

interface PendingCall {
  readonly method: ThreadMethod;
  readonly context: HandlerContext | undefined;
  began: number;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** What is wrong when a thread has ended by itself. */
function endOf(error: unknown, { memory }: IsolationLimits): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new Error(`the isolated handler used more than ${formatBytes(memory)} of memory`);
  return new Error('uncaught error in the isolated handler', { cause: error });
}

/** One life of a worker thread that runs a handler. It ends with `end`, by itself, or when it exceeds a limit. */
export class HandlerThread {
  /** Resolves when the thread has ended, and its files are closed. */
  readonly exited: Promise<void>;
  readonly #worker: Worker;
  readonly #limits: IsolationLimits;
  readonly #host: ThreadHost;
  readonly #state: Int32Array;
  readonly #answers: MessagePort;
  readonly #calls = new Map<number, PendingCall>();
  readonly #watch: NodeJS.Timeout;
  #lastId = 0;
  /** The last delivery: its context says itself that it has ended. */
  #last: { readonly call: number; readonly context: HandlerContext } | undefined;
  #end: Error | undefined;
  #lookedAt = performance.now();
  #beat = 0;
  #beatAt = performance.now();
  #memoryAtBeat = process.memoryUsage.rss();

  /** `worker` is the program of the thread. */
  constructor(worker: URL, program: HandlerProgram, limits: IsolationLimits, host: ThreadHost) {
    this.#limits = limits;
    this.#host = host;
    const shared = new SharedArrayBuffer(4 * SharedState.LENGTH);
    this.#state = new Int32Array(shared);
    const { port1, port2 } = new MessageChannel();
    this.#answers = port1;
    const workerData: ThreadData = { program, shared, answers: port2 };
    this.#worker = new Worker(worker, {
      name: program.owner,
      workerData,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: Math.max(16, Math.round(limits.memory / MIB)) },
    });
    this.exited = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.on('message', (message: FromThread) => {
      try {
        this.#receive(message);
      } catch (error) {
        this.#kill(`sent an invalid message: ${describeError(error)}`);
      }
    });
    this.#worker.on('error', (error) => this.#fail(endOf(error, limits)));
    this.#worker.on('exit', (code) => {
      clearInterval(this.#watch);
      port1.close();
      this.#fail(new Error(`the isolated handler called process.exit(${code})`));
    });
    this.#watch = setInterval(() => this.#look(), Math.min(WATCH_PERIOD, limits.timeout / 4));
    this.#watch.unref();
  }

  /** Whether it cannot be called any more. */
  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Calls a method. Rejects with its error, or with the reason why the thread ended. */
  call<M extends ThreadMethod>(method: M, args: ThreadCalls[M], context?: HandlerContext): Promise<unknown> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    this.#lastId += 1;
    const id = this.#lastId;
    if (context !== undefined) this.#last = { call: id, context };
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { method, context, began: performance.now(), resolve, reject });
      this.#post({ type: 'call', id, method, args });
    });
  }

  /** Aborts the signal of the handler's context. */
  abort(): void {
    if (!this.isOver) this.#post({ type: 'abort' });
  }

  /** Ends the thread; resolves when it has ended. */
  end(): Promise<void> {
    this.#end ??= new IhandlerError('LIFE_CYCLE', 'The isolated handler is closed.');
    void this.#worker.terminate();
    return this.exited;
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #fail(reason: Error): void {
    const isNews = this.#end === undefined;
    this.#end ??= reason;
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject } of calls) reject(this.#end);
    if (isNews) this.#host.ended(reason);
  }

  /** Ends a thread that exceeds a limit. */
  #kill(reason: string): void {
    void this.#worker.terminate();
    this.#fail(new Error(`the isolated handler ${reason}`));
  }

  /** Ends the thread when it exceeds a limit. */
  #look(): void {
    const now = performance.now();
    const late = now - this.#lookedAt - ASLEEP;
    this.#lookedAt = now;
    // This thread was busy, or the machine slept: the handler could not answer.
    if (late > 0) for (const call of this.#calls.values()) call.began += late;
    const beat = Atomics.load(this.#state, SharedState.BEAT);
    if (beat !== this.#beat || late > 0) {
      this.#beat = beat;
      this.#beatAt = now;
      this.#memoryAtBeat = process.memoryUsage.rss();
    }
    const reason = this.#lateCall(now) ?? this.#excess(now);
    if (reason !== undefined) this.#kill(reason);
  }

  /** What does not return; undefined when everything may still do so. */
  #lateCall(now: number): string | undefined {
    const { timeout } = this.#limits;
    for (const { method, began } of this.#calls.values()) {
      const limit = ['describe', 'start', 'forget', 'close'].includes(method) ? timeout * LONG : timeout;
      if (now - began > limit) return `did not return from ${method}() within ${formatDuration(limit)}`;
    }
    return this.#calls.size === 0 && now - this.#beatAt > timeout
      ? `blocked its event loop for ${formatDuration(timeout)}`
      : undefined;
  }

  #excess(now: number): string | undefined {
    const { memory } = this.#limits;
    const external = Atomics.load(this.#state, SharedState.EXTERNAL) * MIB;
    // A thread that stands still does not report its memory.
    const grown = now - this.#beatAt > SILENT ? process.memoryUsage.rss() - this.#memoryAtBeat : 0;
    return external > memory || grown > 2 * memory + SLACK
      ? `used more than ${formatBytes(memory)} of memory outside of its heap`
      : undefined;
  }

  #receive(message: FromThread): void {
    switch (message.type) {
      case 'result': {
        const call = this.#calls.get(message.id);
        this.#calls.delete(message.id);
        if (message.error === undefined) call?.resolve(message.value);
        else call?.reject(decodeError(message.error));
        return;
      }
      case 'log':
        Atomics.sub(this.#state, SharedState.UNREAD, 1);
        this.#host.log(message.level, message.message, message.details);
        return;
      case 'counters':
        this.#host.counters(message.counters);
        return;
      case 'question':
        this.#answer(message);
        return;
      case 'request':
        Atomics.sub(this.#state, SharedState.UNREAD, 1);
        void this.#serve(message);
    }
  }

  #answer(question: Extract<FromThread, { type: 'question' }>): void {
    let answer: unknown;
    try {
      answer = question.kind === 'now' ? this.#host.now() : this.#host.isForgotten(question.host);
    } finally {
      this.#answers.postMessage(answer);
      Atomics.store(this.#state, SharedState.ANSWERED, 1);
      Atomics.notify(this.#state, SharedState.ANSWERED);
    }
  }

  async #serve(message: Extract<FromThread, { type: 'request' }>): Promise<void> {
    const { id } = message;
    try {
      const value = await this.#host.request(message, this.#contextOf(message));
      if (!this.isOver) this.#post({ type: 'answer', id, value });
    } catch (error) {
      if (!this.isOver) this.#post({ type: 'answer', id, error: encodeError(error) });
    }
  }

  #contextOf(message: Extract<FromThread, { type: 'request' }>): HandlerContext | undefined {
    const call = message.kind === 'report' ? message.value.call : undefined;
    if (call === undefined) return undefined;
    const context =
      this.#calls.get(call)?.context ?? (this.#last?.call === call ? this.#last.context : undefined);
    if (context !== undefined) return context;
    throw new IhandlerError(
      'LIFE_CYCLE',
      'A report has the context of a delivery that has ended: await the report, or use the context given to start.',
    );
  }
}
