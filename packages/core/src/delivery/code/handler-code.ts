import type { MaybePromise } from '../../contract/handler.ts';
import { type CodeOwner, runAs } from './code-owner.ts';

/** How long a call may still take after its code has left an error uncaught, in milliseconds. It may never settle. */
const GRACE = 1000;

/** Records which handler has which position, so that the next start can name it. Nothing of it throws. */
export interface CallRecorder {
  /** The code of a handler is called. */
  began(instance: string, position: number): void;
  /** It has returned a promise. */
  waits(instance: string): void;
  ended(instance: string): void;
}

/** Calls the code of one handler: what escapes from it is attributed to the handler. */
export class HandlerCode {
  readonly instance: string;
  readonly recorder: CallRecorder | undefined;
  readonly onUncaught: (error: unknown) => void;

  /** `onUncaught` gets each error that the code has not caught. */
  constructor(instance: string, recorder: CallRecorder | undefined, onUncaught: (error: unknown) => void) {
    this.instance = instance;
    this.recorder = recorder;
    this.onUncaught = onUncaught;
  }

  /** Begins a call that is recorded, at the position of the first incident of a delivery, or 0. End it afterwards. */
  begin(position: number): HandlerCall {
    this.recorder?.began(this.instance, position);
    return new HandlerCall(this, position, true);
  }

  /** Calls it outside deliveries. */
  async call<T>(work: () => MaybePromise<T>, isRecorded = false): Promise<T> {
    const call = isRecorded ? this.begin(0) : new HandlerCall(this, 0, false);
    try {
      return await call.complete(work);
    } finally {
      call.end();
    }
  }

  /** Calls a synchronous function of it. */
  callNow<T>(work: () => T): T {
    return runAs(new HandlerCall(this, 0, false), work);
  }
}

/** One call of a handler's code, with everything that it starts. */
export class HandlerCall implements CodeOwner {
  readonly position: number;
  readonly #code: HandlerCode;
  readonly #isRecorded: boolean;
  #hasWaited = false;
  #hasEnded = false;
  #failure: { readonly error: unknown } | undefined;
  #reject: ((error: unknown) => void) | undefined;

  constructor(code: HandlerCode, position: number, isRecorded: boolean) {
    this.#code = code;
    this.position = position;
    this.#isRecorded = isRecorded;
  }

  get instance(): string {
    return this.#code.instance;
  }

  /** Runs a part of the call. */
  run<T>(work: () => T): T {
    return runAs(this, work);
  }

  /** Runs a part and waits for its promise, if it returns one. */
  async complete<T>(work: () => MaybePromise<T>): Promise<T> {
    const result = this.run(work);
    // Only a promise makes a call wait: without one the microtask of an `await` is its only cost.
    return isThenable(result) ? this.wait(result) : result;
  }

  /** Waits for a promise of the code. Rejects, too, when the code leaves an error uncaught meanwhile. */
  wait<T>(promise: PromiseLike<T>): Promise<T> {
    if (!this.#hasWaited && this.#isRecorded) this.#code.recorder?.waits(this.instance);
    this.#hasWaited = true;
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      promise.then(
        (value) => (this.#failure === undefined ? resolve(value) : reject(this.#failure.error)),
        reject,
      );
    });
  }

  fail(error: unknown): void {
    this.#code.onUncaught(error);
    if (this.#hasEnded || this.#failure !== undefined) return;
    this.#failure = { error };
    // The promise may never settle: the code that was to settle it has failed.
    setTimeout(() => this.#reject?.(error), GRACE);
  }

  /** Ends the call. What its code does from now on is counted, but fails no delivery. */
  end(): void {
    this.#hasEnded = true;
    this.#reject = undefined;
    if (this.#isRecorded) this.#code.recorder?.ended(this.instance);
  }
}

function isThenable<T>(value: MaybePromise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
