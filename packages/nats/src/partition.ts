import { describeError, type Incident, parseIncidentId, type SourceContext } from '@ihandler/core';
import { createReorderBuffer, receiveIncident, type SequencedMessage } from '@ihandler/core/kit';
import type { JsMsg } from '@nats-io/jetstream';
import { AFTER } from './handler.ts';
import { createSubjects } from './subject.ts';

/** An incident and its place in the JetStream stream. */
interface ReceivedIncident extends SequencedMessage {
  readonly sequence: number;
  readonly incident: Incident;
}

/** Turns the messages of a partition into incidents in order. */
export interface Partition {
  /** Accepts messages in their order. Resolves when the incidents that may be delivered are in the journal. */
  accept(messages: readonly JsMsg[]): Promise<void>;
  /** Delivers the incidents that have waited too long for an earlier one. */
  expire(): Promise<void>;
  /** Whether no incident waits. */
  isIdle(): boolean;
}

/** What a {@link Partition} works with. */
export interface PartitionOptions {
  readonly number: number;
  readonly prefix: string;
  readonly partitions: number;
  /** How long an incident waits for an earlier one, in milliseconds. */
  readonly reorderTimeout: number;
  readonly context: SourceContext;
  /** Reports incidents, and stores that everything up to a sequence has been read. */
  report(batch: readonly Incident[], upTo: number): Promise<void>;
}

const MAX_REJECT_BYTES = 65_536;

/** Starts with an empty reorder buffer. */
export function createPartition(options: PartitionOptions): Partition {
  const { number, prefix, partitions, reorderTimeout, context, report } = options;
  const subjectOf = createSubjects(prefix, partitions);
  const buffer = createReorderBuffer<ReceivedIncident>(
    async (stream) => context.resumeAfter(stream),
    reorderTimeout,
  );
  let lastSequence = 0;

  /** The sequence up to which everything is in the journal once the released incidents are. */
  function durableSequence(): number {
    return buffer.pending().reduce((lowest, { sequence }) => Math.min(lowest, sequence - 1), lastSequence);
  }

  function parse({ seq: sequence, subject, data, headers }: JsMsg): ReceivedIncident {
    const incident = receiveIncident(Buffer.from(data).toString('utf8'));
    const expected = subjectOf(incident.sensor, incident.origin);
    if (subject !== expected)
      throw new Error(
        `Expected the subject ${expected} for an incident of the sensor ${incident.sensor}, found ${subject}: its publisher uses another sensor's name, or another number of "partitions" than ${partitions}.`,
      );
    const header = headers?.get(AFTER);
    const after = header !== undefined && /^\d{1,16}$/.test(header) ? Number(header) : undefined;
    return { ...parseIncidentId(incident.id), after, sequence, incident };
  }

  /** Reads a message; rejects an invalid one. */
  async function read(message: JsMsg): Promise<ReceivedIncident | undefined> {
    try {
      return parse(message);
    } catch (error) {
      const { data, seq } = message;
      const place = { file: `${context.instance}/${number}`, offset: seq, length: data.length };
      const text = data.length > MAX_REJECT_BYTES ? {} : { text: data };
      await context.reject({ ...place, reason: describeError(error), ...text });
      return undefined;
    }
  }

  async function deliver(released: readonly ReceivedIncident[]): Promise<void> {
    const incidents = released.map(({ incident }) => incident);
    await report(incidents, durableSequence());
  }

  return {
    async accept(messages) {
      const released: ReceivedIncident[] = [];
      for (const message of messages) {
        const received = await read(message);
        lastSequence = message.seq;
        if (received !== undefined) released.push(...(await buffer.add(received, context.now())));
      }
      await deliver(released);
    },
    async expire() {
      const expired = buffer.expire(context.now());
      if (expired.length === 0) return;
      context.log.warn('delivering out of order: earlier incidents did not arrive in time', {
        partition: number,
        count: expired.length,
      });
      await deliver(expired);
    },
    isIdle: () => buffer.pending().length === 0,
  };
}
