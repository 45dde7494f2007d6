import { mkdir } from 'node:fs/promises';
import { type Checkpoint, covers, streamsAhead } from '../../contract/checkpoint.ts';
import { describeError, isIhandlerError } from '../../contract/error.ts';
import { describeFailure, logStack } from '../../contract/text/describe-failure.ts';
import { namesHost } from '../../incident/addresses.ts';
import { backoffDelay, pause } from '../../timing/backoff.ts';
import type { LaneParts } from './lane-parts.ts';

/** Starts, reopens and closes the handler of a lane. It is closed once for each start that succeeded. */
export class HandlerLifecycle {
  /**
   * Positions of dead letters that lie ahead of the cursor, after a restart from the beginning: they are not tried again.
   * A delivery removes those that it has passed.
   */
  readonly deadPositions = new Set<number>();
  readonly #parts: LaneParts;
  #isStarted = false;
  #startFailure = 'unknown';

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** Why the last start failed, without the place in the code: it may leave this machine. */
  get startFailure(): string {
    return this.#startFailure;
  }

  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** Starts it, and returns whether that succeeded. Throws an IhandlerError that retries cannot fix. */
  async start(): Promise<boolean> {
    const { handler, code, context, enter, failFast } = this.#parts;
    enter({ name: 'starting' });
    try {
      await mkdir(context.dataDir, { recursive: true, mode: 0o750 });
      await code.call(() => handler.start?.(context), true);
      this.#isStarted = true;
      await this.#resume();
      enter({ name: 'reading' });
      return true;
    } catch (error) {
      this.#startFailure = describeError(error);
      enter({ name: 'starting', failure: describeFailure(error) });
      logStack(error, context.log);
      await this.close();
      // A file or server may be repaired. The other handlers do not wait for it.
      const isRetried = !isIhandlerError(error) || (error.code === 'TARGET_UNREADABLE' && !failFast);
      if (isRetried) return false;
      throw error;
    }
  }

  /** Retries the start until it succeeds; false when the lane is stopped first. */
  async startAgain(): Promise<boolean> {
    const { context, retry } = this.#parts;
    const { signal } = context;
    for (let failures = 0; !signal.aborted; failures += 1) {
      await pause(backoffDelay(retry, failures), signal);
      if (signal.aborted) return false;
      if (await this.start().catch(() => false)) return true;
    }
    return false;
  }

  /** A handler that has lost stored data receives everything again that the journal still holds. */
  async #resume(): Promise<void> {
    const { attempts, context, cursor, input } = this.#parts;
    const checkpoint = await attempts.started();
    if (checkpoint !== undefined && !covers(checkpoint, cursor.written)) {
      context.log.warn(
        'stored data is older than the last acknowledged write; redelivering the journal from the beginning',
      );
      cursor.restart();
    }
    if (checkpoint !== undefined) await this.#compareWithJournal(checkpoint);
    await this.findDeadPositions();
    input.readFrom(cursor.position);
  }

  /** Says what the handler has stored and the journal does not have, though it knows the stream. */
  async #compareWithJournal(checkpoint: Checkpoint): Promise<void> {
    const { context, journal } = this.#parts;
    const missing = await streamsAhead(checkpoint, (stream) => journal.highest(stream));
    const [first] = missing;
    if (first !== undefined)
      context.log.warn(
        'this handler has stored incidents that the journal does not have: an import stored them, or the journal has lost its newest incidents, which the other handlers do not receive unless their source delivers them again',
        { streams: missing.length, first: first.stream, stored: first.stored, journal: first.known },
      );
  }

  /** Reads the positions of dead letters that lie ahead from the journal. */
  async findDeadPositions(): Promise<void> {
    const { journal, cursor } = this.#parts;
    const letters = await journal.deadLetters(cursor.instance, cursor.position);
    this.deadPositions.clear();
    for (const { position } of letters) this.deadPositions.add(position);
  }

  /** Lets a started handler forget, between deliveries; undefined when it has not started, or cannot. */
  forget(isForgotten: (host: string) => boolean): Promise<string> | undefined {
    const { handler, code, tasks } = this.#parts;
    if (handler.forget === undefined || !this.#isStarted) return undefined;
    return tasks.add(async () => (await code.call(() => handler.forget?.(isForgotten))) ?? '');
  }

  /** Removes the handler's state when it names a forgotten host. */
  async forgetState(isForgotten: (host: string) => boolean): Promise<void> {
    const { state, cursor } = this.#parts;
    if (!state.remove((value) => namesHost(value, isForgotten))) return;
    cursor.keep({ value: null });
    await cursor.commit();
  }

  /** Asks a started handler to reopen its files. */
  async reopen(): Promise<void> {
    const { handler, code } = this.#parts;
    if (this.#isStarted) await code.call(() => handler.reopen?.());
  }

  /** Closes a started handler. A failure is only logged. */
  async close(): Promise<void> {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    const { handler, code, context } = this.#parts;
    try {
      await code.call(() => handler.close?.(), true);
    } catch (error) {
      context.log.error('close failed', { error: describeFailure(error) });
    }
  }

  /** Why the handler cannot do its own work; undefined when it can, or has not started. */
  problem(): { readonly failure: string; readonly since: number } | undefined {
    const { handler, code, context } = this.#parts;
    try {
      const found = this.#isStarted ? code.callNow(() => handler.problem?.()) : undefined;
      return found && { failure: found.reason, since: found.since };
    } catch (error) {
      context.log.debug('cannot read the problem', { error: describeError(error) });
      return undefined;
    }
  }

  /** What the handler counts; nothing when that fails: the status of the others must not suffer. */
  counters(): Readonly<Record<string, number>> {
    const { handler, code, context } = this.#parts;
    try {
      return code.callNow(() => handler.counters?.() ?? {});
    } catch (error) {
      context.log.debug('cannot read the counters', { error: describeError(error) });
      return {};
    }
  }
}
