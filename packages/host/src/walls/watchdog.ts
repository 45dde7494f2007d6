import { closeSync } from 'node:fs';
import { url as debuggerUrl } from 'node:inspector';
import { getHeapStatistics } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { type Dispatcher, describeError, type Log } from '@ihandler/core';
import { SECOND } from '@ihandler/core/kit';
import { LAYOUT, parseInFlight } from './in-flight-file.ts';
import { type WatchdogData, type Watched, watchMainThread } from './watchdog-worker.ts';

/** How long the event loop may be blocked, unless the configuration says otherwise, in milliseconds. */
export const BLOCKED_AFTER = 30 * SECOND;
/** How often the event loop shows that it turns, in milliseconds. */
const PERIOD = 500;
/** After how long a signal ends the process at once, in milliseconds. */
const SIGNALS_AFTER = 1 * SECOND;
/** Under this name the worker finds the functions that it may call, while the main thread is paused. */
const WATCHED = 'ihandler.watched';

/** What to watch. */
export interface WatchdogOptions {
  /** How long the event loop may be blocked, in milliseconds. */
  readonly blocked: number;
  /** Whose code runs at the moment. */
  readonly running: Dispatcher['running'];
  /** The exit code of a process that is ended because it was blocked. */
  readonly exitCode: number;
  /** Where to note why the process ends. @default nowhere */
  readonly note?: string;
  /** The file that says which handler has which position. @default none */
  readonly inFlight?: string;
  /** Called when the event loop has been blocked for a second, and when it turns again. */
  onBlocked?(isBlocked: boolean): void;
  readonly log: Log;
}

/** The memory in bytes at which V8, or the limit of a container, ends the process. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory?.() ?? 0;
  const heap = getHeapStatistics().heap_size_limit;
  return constrained > 0 ? Math.min(heap, constrained) : heap;
}

/** The lines of the present stack, without those of this file. */
function currentStack(): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const lines = (new Error('here').stack ?? '').split('\n').slice(3);
  Error.stackTraceLimit = before;
  return lines.join('\n');
}

/** Ends the process at once, with nothing on standard error: Node would tell that it waits for a debugger. */
function exitSilently(exit: (code: number) => void, code: number): void {
  try {
    closeSync(2);
  } catch {
    // Closed already.
  }
  exit(code);
}

/**
 * Starts a thread that ends the process when the event loop is blocked for too long, and says by whose code. Returns a
 * function that stops it. Does nothing while a debugger may pause the process.
 */
export function startWatchdog(options: WatchdogOptions): () => void {
  if (debuggerUrl() !== undefined) return () => undefined;
  const { blocked, running, exitCode, note, inFlight, onBlocked, log } = options;
  let isBlocked = false;
  const exit: unknown = Reflect.get(process, 'reallyExit');
  const watched: Watched = {
    look: () => JSON.stringify({ instance: '', position: 0, ...running(), stack: currentStack() }),
    blocked() {
      isBlocked = true;
      onBlocked?.(true);
    },
    // Safe: Node's own function, kept before a guard replaces it.
    exit: () =>
      exitSilently((code) => Reflect.apply(exit as (code: number) => void, process, [code]), exitCode),
  };
  Reflect.set(globalThis, Symbol.for(WATCHED), watched);
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const data: WatchdogData = {
    beats,
    period: PERIOD,
    blocked,
    signals: Math.min(SIGNALS_AFTER, blocked),
    memory: memoryLimit(),
    watched: `globalThis[Symbol.for(${JSON.stringify(WATCHED)})]`,
    ...(note !== undefined && { note }),
    ...(inFlight !== undefined && { inFlight: { file: inFlight, layout: LAYOUT } }),
  };
  const code = `(${watchMainThread.toString()})(require('node:inspector'), require('node:fs'), require('node:worker_threads').workerData, ${parseInFlight.toString()})`;
  const worker = new Worker(code, {
    eval: true,
    workerData: data,
    env: {},
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4, stackSizeMb: 1 },
  });
  worker.on('error', (error) => log.error('the watchdog failed', { error: describeError(error) }));
  worker.unref();
  const timer = setInterval(() => {
    Atomics.add(beats, 0, 1);
    if (isBlocked) onBlocked?.(false);
    isBlocked = false;
  }, PERIOD);
  timer.unref();
  return () => {
    clearInterval(timer);
    if (isBlocked) onBlocked?.(false);
    void worker.terminate();
    Reflect.deleteProperty(globalThis, Symbol.for(WATCHED));
  };
}
