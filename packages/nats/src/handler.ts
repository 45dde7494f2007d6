import {
  defineHandler,
  encodeIncident,
  type HandlerContext,
  IhandlerError,
  type Incident,
  parseIncidentId,
  permanent,
  type WritingHandler,
} from '@ihandler/core';
import { maskSensor } from '@ihandler/core/kit';
import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { connectionOptions, connectNats, explained } from './connect.ts';
import { ensureStream } from './ensure-stream.ts';
import { type NatsOptions, readPublisherOptions } from './options.ts';
import { createSubjects, partitionOf } from './subject.ts';

export type { NatsOptions } from './options.ts';

/** The header that says which incident of its stream went before: its ordinal. */
export const AFTER = 'Ihandler-After';

interface Ready {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
}

interface Message {
  readonly id: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

/** How long a server may take to have a message. */
const ACK_WITHIN = 10_000;
/** Streams whose last ordinal is remembered. */
const REMEMBERED = 10_000;

/**
 * Publishes incidents to a JetStream stream, each under the subject of its sensor and origin, with its id as message id.
 * A batch is handled when the servers have all of it; what they have already they ignore. Throws `OPTIONS_INVALID`.
 */
export default function nats(options: NatsOptions): WritingHandler {
  const settings = readPublisherOptions(options);
  const subjectOf = createSubjects(settings.prefix, settings.partitions);
  const counts = { published: 0, duplicates: 0, connections: 0 };
  let context: HandlerContext | undefined;
  let ready: Ready | undefined;
  /** The highest ordinal that the servers have of each stream, apart for each partition: a hub may not have the others. */
  const acknowledged = new Map<string, number>();
  const chainOf = (stream: string, sensor: string) => `${partitionOf(sensor, settings.partitions)} ${stream}`;

  async function connected(): Promise<Ready> {
    if (context === undefined)
      throw new IhandlerError('LIFE_CYCLE', 'nats was used before start, or after close.');
    if (ready !== undefined && !ready.connection.isClosed()) return ready;
    const connection = await connectNats(connectionOptions(settings, context));
    try {
      // A sensor may be permitted to ask for its stream and for nothing else of JetStream.
      await ensureStream(await jetstreamManager(connection, { checkAPI: false }), settings);
    } catch (error) {
      await connection.close();
      throw explained(`The stream ${settings.stream} cannot be used`, error);
    }
    ready = { connection, client: jetstream(connection) };
    counts.connections += 1;
    return ready;
  }

  function messagesOf(batch: readonly Incident[], longest: number): readonly Message[] {
    const last = new Map<string, number>();
    return batch.map((incident) => {
      const { id, sensor, origin } = incident;
      const { stream, ordinal } = parseIncidentId(id);
      const { local: _local, ...told } = settings.localAddress === 'mask' ? maskSensor(incident) : incident;
      const payload = Buffer.from(encodeIncident(told));
      // Headers and subject count, too.
      if (payload.length + 1024 > longest)
        throw permanent(
          `The incident has ${payload.length} bytes, and the server takes messages of ${longest}: raise "max_payload" there.`,
        );
      const chain = chainOf(stream, sensor);
      const before = last.get(chain) ?? acknowledged.get(chain);
      last.set(chain, ordinal);
      return { id, subject: subjectOf(sensor, origin), payload, headers: after(before, ordinal) };
    });
  }

  function remember(batch: readonly Incident[]): void {
    for (const { id, sensor } of batch) {
      const { stream, ordinal } = parseIncidentId(id);
      const chain = chainOf(stream, sensor);
      if (acknowledged.size >= REMEMBERED && !acknowledged.has(chain)) acknowledged.clear();
      acknowledged.set(chain, ordinal);
    }
  }

  return defineHandler({
    name: 'nats',
    accepts: ['*'],
    start(given) {
      // Everything that only the user can put right is wrong from the start.
      connectionOptions(settings, given);
      context = given;
    },
    async write(batch) {
      const { connection, client } = await connected();
      const messages = messagesOf(batch, connection.info?.max_payload ?? 1024 * 1024);
      const sent = messages.map(({ id, subject, payload, headers: head }) =>
        client.publish(subject, payload, {
          msgID: id,
          timeout: ACK_WITHIN,
          expect: { streamName: settings.stream },
          ...(head !== undefined && { headers: head }),
        }),
      );
      const acks = await Promise.allSettled(sent);
      const failed = acks.find((ack) => ack.status === 'rejected');
      if (failed !== undefined) {
        // The stream may be gone or another one: the next attempt looks.
        ready = undefined;
        await connection.close().catch(() => undefined);
        throw explained(`The stream ${settings.stream} does not take it`, failed.reason);
      }
      for (const ack of acks) if (ack.status === 'fulfilled' && ack.value.duplicate) counts.duplicates += 1;
      counts.published += batch.length;
      remember(batch);
    },
    counters: () => ({ ...counts }),
    async close() {
      const closing = ready;
      ready = undefined;
      context = undefined;
      acknowledged.clear();
      await closing?.connection.close();
    },
  });
}

/** Says what the message must come after; nothing for the first of a stream, and for one that comes again later. */
function after(before: number | undefined, ordinal: number): MsgHdrs | undefined {
  if (before === undefined || before >= ordinal) return undefined;
  const head = headers();
  head.set(AFTER, String(before));
  return head;
}
