import { setTimeout as wait } from 'node:timers/promises';

/** What {@link MessageQueue.next} returns. */
export interface QueueEntries<M> {
  /** Messages in the order in which they were pushed. */
  readonly batch: readonly M[];
  /** Whether a tick was pushed. */
  readonly hasTick: boolean;
  /** Whether the queue was closed. */
  readonly isClosed: boolean;
}

/** How long the queue waits for more messages, in milliseconds, so that many share one fsync. */
const LINGER = 20;

/** Gathers messages into batches, and makes the producer wait while a batch of `capacity` is queued. */
export class MessageQueue<M> {
  readonly #capacity: number;
  #messages: M[] = [];
  #hasTick = false;
  #isClosed = false;
  #wakeConsumer: () => void = () => {};
  #wakeProducer: () => void = () => {};

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Queues a message; resolves when there is room for another one, or when the queue is closed. */
  async push(message: M): Promise<void> {
    this.#messages.push(message);
    this.#wakeConsumer();
    while (this.#messages.length >= this.#capacity && !this.#isClosed)
      await new Promise<void>((resolve) => {
        this.#wakeProducer = resolve;
      });
  }

  /** Makes {@link next} return even without a message. */
  tick(): void {
    this.#hasTick = true;
    this.#wakeConsumer();
  }

  /** Accepts no more waiting: the producer and the consumer resume at once, from now on. */
  close(): void {
    this.#isClosed = true;
    this.#wakeProducer();
    this.#wakeConsumer();
  }

  /** Resolves with the queued messages as soon as there is a message, a tick, or the end. */
  async next(): Promise<QueueEntries<M>> {
    while (this.#messages.length === 0 && !this.#hasTick && !this.#isClosed)
      await new Promise<void>((resolve) => {
        this.#wakeConsumer = resolve;
      });
    const isPartial = this.#messages.length > 0 && this.#messages.length < this.#capacity;
    if (isPartial && !this.#isClosed) await wait(LINGER);
    const entries = { batch: this.#messages, hasTick: this.#hasTick, isClosed: this.#isClosed };
    this.#messages = [];
    this.#hasTick = false;
    this.#wakeProducer();
    return entries;
  }
}
