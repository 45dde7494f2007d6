import type { Incident, SourceContext } from '@ihandler/core';
import { createStreamOwners, reportCompared, type StreamOwners } from '@ihandler/core/kit';
import type { BrokerConnection } from '../connection/broker-connection.ts';
import type { MessageReader } from './message-reader.ts';

/** How many bytes may be queued before the broker has to wait. */
const MAX_QUEUED = 16 * 1024 * 1024;

/** Queues the messages of one connection and reports them as incidents, a batch at a time. */
export class Subscriber {
  readonly #reader: MessageReader;
  readonly #context: SourceContext;
  readonly #owners: StreamOwners;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #connection: BrokerConnection | undefined;
  #wake: () => void = () => {};

  private constructor(reader: MessageReader, context: SourceContext, owners: StreamOwners) {
    this.#reader = reader;
    this.#context = context;
    this.#owners = owners;
  }

  /** Starts with the stream owners that the journal has. */
  static async create(reader: MessageReader, context: SourceContext): Promise<Subscriber> {
    return new Subscriber(reader, context, createStreamOwners(await context.state()));
  }

  /** Queues the payload of a publish frame, and pauses the connection when the queue is full. */
  push(payload: Buffer): void {
    this.#queue.push(payload);
    this.#queuedBytes += payload.length;
    if (this.#queuedBytes > MAX_QUEUED) this.#connection?.pause();
    this.#wake();
  }

  /** Reports messages until the connection ends and the queue is empty. Rejects with the reason for the end. */
  async deliver(connection: BrokerConnection): Promise<never> {
    this.#connection = connection;
    void connection.ended.then(() => this.#wake());
    for (;;) {
      if (this.#queue.length > 0) {
        await this.flush();
        connection.resume();
      } else if (!connection.isOpen()) throw await connection.ended;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }

  /** Reports the queued messages. */
  async flush(): Promise<void> {
    const payloads = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    const batch: Incident[] = [];
    for (const payload of payloads) {
      const incident = await this.#reader.read(payload, this.#owners, this.#context);
      if (incident !== undefined) batch.push(incident);
    }
    if (batch.length > 0) await reportCompared(this.#context, batch, { state: this.#owners.snapshot() });
  }
}
