import type { Incident } from '../../contract/incident.ts';
import { reporterOf } from '../../contract/incident-id.ts';
import type { Journal, JournalRun } from '../../contract/journal.ts';
import type { Reached, Router } from '../../routing/router.ts';
import { COMMIT_AFTER, type LaneCursor } from './lane-cursor.ts';
import { type Batch, createLaneQueue } from './lane-queue.ts';

/** What an input works with. */
export interface LaneInputOptions {
  /** The lane's place among all. */
  readonly index: number;
  readonly instance: string;
  readonly router: Router;
  readonly journal: Journal;
  readonly cursor: LaneCursor;
  /** How many incidents are read at once. */
  readonly batch: number;
  /** Aborts when the lane stops. */
  readonly signal: AbortSignal;
  /** The position up to which live lanes have been offered everything. */
  fedTo(): number;
  /** Retention has deleted this many incidents that the lane had not delivered; they are in the counts. */
  onLost(count: number): void;
}

/** What a lane is to deliver: offered to it while it is live, else read from the journal; in order, and only what is for it. */
export class LaneInput {
  readonly #options: LaneInputOptions;
  readonly #queue = createLaneQueue(0);
  #isLive = false;
  /** Rises when incidents that were read before must no longer be delivered. */
  #generation = 0;

  /** Begins behind, at position 0. */
  constructor(options: LaneInputOptions) {
    this.#options = options;
  }

  /** Whether it takes offers; otherwise it reads the journal. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /** How many incidents are queued. */
  get size(): number {
    return this.#queue.size;
  }

  /** Everything up to this position is queued, was taken, or is not for the lane. */
  get routed(): number {
    return this.#queue.routed;
  }

  /** Queues an incident of a run that also holds others. Call it only while live. */
  offer(incident: Incident, position: number, reached: Reached): void {
    if (position > this.#queue.routed && this.#admits(incident, reached))
      this.#queue.push(incident, position, reached);
  }

  /**
   * Queues a whole run, which one set of listeners gets and none of which is the lane's own. Call it only while live. What
   * the lane has read by now, because a journal may show entries before `append` returns, is not queued twice.
   */
  offerRun(before: number, incidents: readonly Incident[], reached: Reached): void {
    if (before === this.#queue.routed) this.#queue.pushRun(before, incidents, reached);
    else for (const [at, incident] of incidents.entries()) this.offer(incident, before + 1 + at, reached);
  }

  /** Notes that everything up to a position was offered. */
  offered(position: number): void {
    this.#queue.routed = Math.max(this.#queue.routed, position);
  }

  /** Takes up to a batch from the queue; see {@link Batch}. */
  take(): Batch {
    return this.#queue.take(this.#options.batch);
  }

  /** From here on it reads the journal, after the incidents already taken. */
  fallBehind(): void {
    this.readFrom(this.#queue.taken());
  }

  /** From here on it reads the journal, after a position. */
  readFrom(position: number): void {
    this.#isLive = false;
    this.#queue.reset(position);
  }

  /** Discards what is queued, and what is being read: the journal has changed. It is read again. */
  discard(): void {
    this.#generation += 1;
    this.fallBehind();
  }

  /** What an incident reaches in the lane now; undefined when it is not for it. */
  reach(incident: Incident): Reached | undefined {
    const reached = this.#reachedBy(incident);
    return reached !== undefined && this.#admits(incident, reached) ? reached : undefined;
  }

  /**
   * Reads the journal until something is queued, or so much was not for the lane that its counts need a commit, or nothing
   * is left to read: then it is live. Call it with an empty queue.
   */
  async read(): Promise<void> {
    const { journal, batch, cursor, signal, fedTo } = this.#options;
    const queue = this.#queue;
    while (queue.size === 0 && !signal.aborted) {
      const generation = this.#generation;
      const read = journal.read(queue.routed, batch);
      const run = read instanceof Promise ? await read : read;
      if (generation !== this.#generation) continue;
      if (run.incidents.length === 0 && queue.routed >= fedTo()) {
        this.#isLive = true;
        return;
      }
      if (run.before > queue.routed) this.#lose(run.before);
      else this.#route(run);
      if (queue.routed - cursor.position >= COMMIT_AFTER) return;
    }
  }

  /** Accounts for what retention has deleted up to a position. */
  #lose(through: number): void {
    const { cursor, onLost } = this.#options;
    cursor.account(this.#queue.routed, 0, 0);
    const lost = cursor.lose(through);
    this.#queue.routed = through;
    onLost(lost);
  }

  #route({ before, incidents }: JournalRun): void {
    let position = before;
    for (const incident of incidents) {
      position += 1;
      const reached = this.#reachedBy(incident);
      if (reached !== undefined) this.offer(incident, position, reached);
    }
    this.#queue.routed = position;
  }

  #reachedBy({ origin, misfit }: Incident): Reached | undefined {
    const { router, index } = this.#options;
    return router.route(origin, misfit !== undefined).lanes[index];
  }

  #admits(incident: Incident, reached: Reached): boolean {
    if (reached.maybeOwn && reporterOf(incident.id) === this.#options.instance) return false;
    return reached.admits?.(incident) !== false;
  }
}
