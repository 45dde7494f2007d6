import { type Incident, type SourceContext, temporary } from '@ihandler/core';
import { reportCompared } from '@ihandler/core/kit';
import {
  type Consumer,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { explained } from './connect.ts';
import { MessageQueue } from './message-queue.ts';
import type { SubscriberSettings } from './options.ts';
import { createPartition, type Partition } from './partition.ts';
import { partitionSubject } from './subject.ts';

/** How far a source has read: which stream, and up to which sequence in each partition. */
export interface StreamPosition {
  /** When the stream was created, as the server writes it: it tells a stream from a later one of the same name. */
  readonly created: string;
  readonly sequences: Record<string, number>;
}

/** How many messages make a batch. */
const BATCH = 500;
/** How often an idle partition checks how far the stream is, in milliseconds. */
const CHECK_IDLE_EVERY = 60_000;

/** The events of a consumer that it does not recover from. */
const fatalEvents: ReadonlySet<string> = new Set([
  'consumer_deleted',
  'consumer_not_found',
  'stream_not_found',
]);

/** What a {@link PartitionConsumer} works with. */
export interface PartitionConsumerOptions {
  readonly connection: NatsConnection;
  readonly settings: SubscriberSettings;
  /** The number of the partition. */
  readonly number: number;
  /** Shared by the consumers of all partitions; each updates its own sequence. */
  readonly position: StreamPosition;
  readonly context: SourceContext;
  /** Stops the consumer. */
  readonly signal: AbortSignal;
  /** The oldest sequence that the stream still holds. */
  readonly firstSequence: number;
}

/** Reads one partition of the stream and reports its incidents in order. */
export class PartitionConsumer {
  readonly #options: PartitionConsumerOptions;
  readonly #partition: Partition;
  readonly #queue = new MessageQueue<JsMsg>(BATCH);
  /** When an idle partition last checked how far the stream is. */
  #checkedAt = performance.now();

  constructor(options: PartitionConsumerOptions) {
    this.#options = options;
    const { number, settings, context } = options;
    this.#partition = createPartition({
      number,
      prefix: settings.prefix,
      partitions: settings.partitions,
      reorderTimeout: settings.reorderTimeout,
      context,
      report: (batch, upTo) => this.#report(batch, upTo),
    });
  }

  /** Consumes until the signal aborts. Rejects with a temporary error when the server ends the consumer. */
  async run(): Promise<void> {
    const { signal } = this.#options;
    this.#logLoss();
    const consumer = await this.#explain(this.#open());
    const messages = await this.#explain(consumer.consume({ max_messages: BATCH * 2 }));
    const stop = () => messages.stop();
    signal.addEventListener('abort', stop, { once: true });
    const ticking = setInterval(() => this.#queue.tick(), 1000);
    const reading = this.#explain(this.#read(messages));
    // It is awaited below; if it fails while a batch becomes durable, that must not end the process.
    reading.catch(() => undefined);
    const ending = this.#endOf(messages);
    try {
      await this.#deliver(consumer);
      // The reader may wait for room in the queue, or may not have stopped yet.
      messages.stop();
      this.#queue.close();
      await reading;
      if (!signal.aborted) throw await ending;
    } finally {
      clearInterval(ticking);
      signal.removeEventListener('abort', stop);
      messages.stop();
      this.#queue.close();
      await reading.catch(() => undefined); // the first error is thrown already
    }
  }

  get #sequence(): number {
    const { position, number } = this.#options;
    return position.sequences[number] ?? 0;
  }

  /** Logs the messages that the stream deleted before they were read. */
  #logLoss(): void {
    const { context, firstSequence, number } = this.#options;
    if (this.#sequence === 0 || firstSequence <= this.#sequence + 1) return;
    context.log.error('messages lost: the stream deleted them before they were read', {
      partition: number,
      atMost: firstSequence - this.#sequence - 1,
    });
  }

  #open(): Promise<Consumer> {
    const { connection, settings, number } = this.#options;
    return jetstream(connection).consumers.get(settings.stream, {
      filter_subjects: partitionSubject(settings.prefix, number),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#sequence + 1,
    });
  }

  async #read(messages: ConsumerMessages): Promise<void> {
    try {
      for await (const message of messages) await this.#queue.push(message);
    } finally {
      this.#queue.close();
    }
  }

  /** Reports batches until the queue is closed or the signal aborts. */
  async #deliver(consumer: Consumer): Promise<void> {
    for (;;) {
      const { batch, hasTick, isClosed } = await this.#queue.next();
      if (batch.length > 0) await this.#partition.accept(batch);
      if (hasTick) await this.#partition.expire();
      if (isClosed || this.#options.signal.aborted) return;
      if (batch.length === 0) await this.#moveWhileIdle(consumer);
    }
  }

  async #report(batch: readonly Incident[], upTo: number): Promise<void> {
    const { position, number, context } = this.#options;
    const sequence = Math.max(this.#sequence, upTo);
    // Of the other partitions only the durable position: their report may fail while this one succeeds.
    const sequences = { ...position.sequences, [number]: sequence };
    await reportCompared(context, batch, { state: { created: position.created, sequences } });
    position.sequences[number] = sequence;
  }

  /**
   * Moves an idle partition to the end of the stream once a minute. Otherwise messages of other partitions that the stream
   * deletes would look like a loss in this one.
   */
  async #moveWhileIdle(consumer: Consumer): Promise<void> {
    if (performance.now() - this.#checkedAt < CHECK_IDLE_EVERY) return;
    this.#checkedAt = performance.now();
    const end = await this.#explain(this.#endOfStream(consumer));
    if (end !== undefined && this.#partition.isIdle()) await this.#report([], end);
  }

  /** The last sequence of the stream if this partition has read all its messages; otherwise undefined. */
  async #endOfStream(consumer: Consumer): Promise<number | undefined> {
    const { connection, settings } = this.#options;
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const { state } = await manager.streams.info(settings.stream);
    if (state.last_seq <= this.#sequence) return undefined;
    const { num_pending: pending, delivered } = await consumer.info();
    return pending === 0 && delivered.stream_seq <= this.#sequence ? state.last_seq : undefined;
  }

  /** Stops a consumer after a fatal event. Resolves, once it has stopped, with the reason. */
  async #endOf(messages: ConsumerMessages): Promise<Error> {
    let reason: Error | undefined;
    for await (const { type } of messages.status()) {
      if (reason !== undefined || !fatalEvents.has(type)) continue;
      reason = temporary(`${this.#name}: the server ended its consumer (${type.replaceAll('_', ' ')}).`);
      messages.stop();
    }
    return reason ?? temporary(`${this.#name}: its consumer has ended.`);
  }

  get #name(): string {
    const { number, settings } = this.#options;
    return `Partition ${number} of the stream ${settings.stream}`;
  }

  /** Turns an error of the NATS client into a temporary one that says what to do. */
  async #explain<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      throw explained(`${this.#name} cannot be read`, error);
    }
  }
}
