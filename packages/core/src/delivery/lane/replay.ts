import { IhandlerError } from '../../contract/error.ts';
import type { DeliveryCounts } from '../../contract/journal.ts';
import { compileGlob } from '../../routing/glob.ts';
import { backoffDelay, pause } from '../../timing/backoff.ts';
import type { ReplayOptions } from '../dispatcher-options.ts';
import { type DeliveryParts, deliver } from './deliver-with-retries.ts';
import type { LaneCursor } from './lane-cursor.ts';
import type { LaneParts } from './lane-parts.ts';
import { createLaneQueue } from './lane-queue.ts';

/** The counts of a replay; `known` of those delivered were covered, which a resumed replay does not know. */
type ReplayCounts = DeliveryCounts & { readonly known?: number };

const namePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/i;

function checkName(name: string): void {
  if (!namePattern.test(name))
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `Expected a replay name of letters, digits, ".", "_" and "-", found ${JSON.stringify(name)}.`,
    );
}

/** Replays the journal to an instance, a batch at a time in the lane's turn; one replay at a time. */
export class Replayer {
  readonly #parts: LaneParts;
  #running: string | undefined;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  /** The name of the running replay: its counts are in use. */
  get running(): string | undefined {
    return this.#running;
  }

  /** See `Dispatcher.replay`. Throws `OPTIONS_INVALID`, or `LIFE_CYCLE` while another replay runs. */
  async replay(options: ReplayOptions): Promise<ReplayCounts> {
    checkName(options.name);
    if (this.#running !== undefined)
      throw new IhandlerError(
        'LIFE_CYCLE',
        `The replay ${JSON.stringify(this.#running)} to ${this.#parts.context.instance} is still running: wait until it ends, or stop it.`,
      );
    this.#running = options.name;
    try {
      return await new Replay(this.#parts, options).run();
    } finally {
      this.#running = undefined;
    }
  }
}

/** One replay on its way through the journal. */
class Replay {
  readonly #parts: LaneParts;
  readonly #options: ReplayOptions;
  readonly #cursor: LaneCursor;
  readonly #stop: AbortSignal;
  readonly #globs: readonly ((origin: string) => boolean)[] | undefined;
  readonly #delivery: DeliveryParts;
  /** The last position to replay. What the lane has not passed yet is delivered anyway: a checkpoint must not run ahead of it. */
  readonly #through: number;
  /** The temporary failure for which the last batch was given back. */
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: LaneParts, options: ReplayOptions) {
    const { context, journal } = parts;
    this.#parts = parts;
    this.#options = options;
    this.#cursor = parts.cursor.forReplay(options.name);
    this.#stop =
      options.signal === undefined ? context.signal : AbortSignal.any([options.signal, context.signal]);
    this.#globs = options.only?.map(compileGlob);
    this.#through = Math.min(journal.bounds().last, parts.cursor.position);
    this.#delivery = {
      handler: parts.handler,
      context: { ...context, signal: this.#stop },
      retry: parts.retry,
      cursor: this.#cursor,
      hide: parts.hide,
      enter: parts.enter,
      attempt: (batch, single) => parts.attempts.attemptReplay(batch, single),
      deadPositions: new Set(),
      wanted: () => this.#stop,
      giveBack: (error) => {
        this.#failure = { error };
      },
    };
  }

  async run(): Promise<ReplayCounts> {
    const { tasks, retry } = this.#parts;
    const { onProgress } = this.#options;
    const isNew = await this.#begin();
    const from = this.#cursor.position;
    for (let failures = 0; this.#cursor.position < this.#through; ) {
      this.#stop.throwIfAborted();
      await tasks.add(() => this.#replayBatch());
      onProgress?.(this.#cursor.position - from, this.#through - from);
      const failure = this.#takeFailure();
      failures = failure === undefined ? 0 : failures + 1;
      if (failure !== undefined) await pause(backoffDelay(retry, failures - 1, failure.error), this.#stop);
    }
    const { counts, known } = this.#cursor.progress();
    return isNew ? { ...counts, known } : counts;
  }

  #takeFailure(): { readonly error: unknown } | undefined {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  /** Continues where a replay of this name was, or begins one: then true. */
  async #begin(): Promise<boolean> {
    const { journal } = this.#parts;
    const { since } = this.#options;
    const from = since === undefined ? journal.bounds().before : await journal.positionBefore(since);
    const isNew = await this.#cursor.load(from);
    if (isNew) await this.#cursor.commit();
    return isNew;
  }

  /** Reads and delivers one batch, or less when the journal returns less. */
  async #replayBatch(): Promise<void> {
    const { journal, batch, input } = this.#parts;
    const { position } = this.#cursor;
    const read = await journal.read(position, Math.min(batch, this.#through - position));
    if (read.before > position) return this.#lose(Math.min(read.before, this.#through));
    const queue = createLaneQueue(position);
    const dead = await this.#deadAfter(position);
    for (const [index, incident] of read.incidents.entries()) {
      const isChosen = this.#globs?.some((matches) => matches(incident.origin)) !== false;
      const reached = isChosen ? input.reach(incident) : undefined;
      if (reached !== undefined && !dead.has(position + 1 + index))
        queue.push(incident, position + 1 + index, reached);
    }
    // Nothing read below the end: retention has deleted the rest.
    queue.routed = read.incidents.length === 0 ? this.#through : position + read.incidents.length;
    await deliver(this.#delivery, queue.take(batch));
    if (this.#cursor.isOwing()) await this.#cursor.commit();
  }

  /** The dead letters of the instance are retried by themselves: replayed, they would be handled twice. */
  async #deadAfter(position: number): Promise<ReadonlySet<number>> {
    const { journal, context, batch } = this.#parts;
    const letters = await journal.deadLetters(context.instance, position, batch);
    return new Set(letters.map((letter) => letter.position));
  }

  #lose(before: number): void {
    const count = this.#cursor.lose(before);
    this.#parts.context.log.error(
      'incidents are gone from the journal before they were replayed: retention deleted them, or they were damaged',
      { count },
    );
  }
}
