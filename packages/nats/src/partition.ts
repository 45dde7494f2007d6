import { describeError, type Incident, parseIncidentId, type SourceContext } from '@ihandler/core';
import { createReorderBuffer, receiveIncident, type SequencedMessage } from '@ihandler/core/kit';
import type { JsMsg } from '@nats-io/jetstream';
import { AFTER } from './handler.ts';
import { createSubjects } from './subject.ts';

/** An incident and where it is in the JetStream stream. */
interface Arrived extends SequencedMessage {
  readonly sequence: number;
  readonly incident: Incident;
}

/** What a partition's messages become. */
export interface Partition {
  /** Takes messages in their order; resolves when what could go on of them is in the journal. */
  take(messages: readonly JsMsg[]): Promise<void>;
  /** Lets go on what has waited too long for what should have come before it. */
  tick(): Promise<void>;
  /** Whether nothing waits. */
  isIdle(): boolean;
}

/** What a partition needs of its source. */
export interface PartitionHost {
  readonly number: number;
  readonly prefix: string;
  readonly partitions: number;
  /** In milliseconds. */
  readonly patience: number;
  readonly context: SourceContext;
  /** Reports, and keeps that everything up to a sequence has been taken. */
  report(batch: readonly Incident[], upTo: number): Promise<void>;
}

/** Reads the messages of a partition. */
export function createPartition(host: PartitionHost): Partition {
  const { number, prefix, partitions, patience, context, report } = host;
  const subjectOf = createSubjects(prefix, partitions);
  const order = createReorderBuffer<Arrived>(async (stream) => context.resumeAfter(stream), patience);
  let last = 0;

  /** Everything up to here is in the journal, or is about to be. */
  function reached(): number {
    return order.pending().reduce((lowest, { sequence }) => Math.min(lowest, sequence - 1), last);
  }

  async function arrived(message: JsMsg): Promise<Arrived | undefined> {
    const { seq: sequence, subject, data } = message;
    try {
      const incident = receiveIncident(Buffer.from(data).toString('utf8'));
      const expected = subjectOf(incident.sensor, incident.origin);
      if (subject !== expected)
        throw new Error(
          `Expected the subject ${expected} for an incident of the sensor ${incident.sensor}, found ${subject}: whoever published it speaks for another, or counts other "partitions" than ${partitions}.`,
        );
      const told = message.headers?.get(AFTER);
      const after = told !== undefined && /^\d{1,16}$/.test(told) ? Number(told) : undefined;
      return { ...parseIncidentId(incident.id), after, sequence, incident };
    } catch (error) {
      const text = data.length > 65_536 ? {} : { text: data };
      const place = { file: `${context.instance}/${number}`, offset: sequence, length: data.length };
      await context.reject({ ...place, reason: describeError(error), ...text });
      return undefined;
    }
  }

  async function hand(passed: readonly Arrived[]): Promise<void> {
    await report(
      passed.map(({ incident }) => incident),
      reached(),
    );
  }

  return {
    async take(messages) {
      const passed: Arrived[] = [];
      for (const message of messages) {
        const found = await arrived(message);
        last = message.seq;
        if (found !== undefined) passed.push(...(await order.add(found, context.now())));
      }
      await hand(passed);
    },
    async tick() {
      const passed = order.expire(context.now());
      if (passed.length === 0) return;
      context.log.warn('incidents go on without what should have come before them', {
        partition: number,
        count: passed.length,
      });
      await hand(passed);
    },
    isIdle: () => order.pending().length === 0,
  };
}
