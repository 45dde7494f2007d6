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
import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { connectionOptions, connectNats, explained } from './connect.ts';
import { ensureStream } from './ensure-stream.ts';
import { type NatsOptions, readPublisherOptions } from './options.ts';
import { createSubjects, partitionOf } from './subject.ts';

export type { NatsOptions } from './options.ts';

/** The header with the ordinal of the previous incident of the same stream. */
export const AFTER = 'Ihandler-After';

interface OpenStream {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
}

interface Message {
  readonly id: string;
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

/** How long the server may take to acknowledge a message, in milliseconds. */
const ACK_TIMEOUT = 10_000;
/** How many streams have their last ordinal in memory. */
const MAX_STREAMS = 10_000;
/** Bytes that headers and subject add to a payload, at most. */
const OVERHEAD = 1024;

/**
 * Publishes incidents to a JetStream stream, each under the subject of its sensor and origin, with its id as message id. A
 * batch is handled when the server has acknowledged all of it; the server ignores duplicates. Throws `OPTIONS_INVALID`.
 */
export default function nats(options: NatsOptions): WritingHandler {
  const settings = readPublisherOptions(options);
  const subjectOf = createSubjects(settings.prefix, settings.partitions);
  const counts = { published: 0, duplicates: 0, connections: 0 };
  let context: HandlerContext | undefined;
  let open: OpenStream | undefined;
  /** The highest acknowledged ordinal of each stream, separately for each partition: a hub may not read the others. */
  const acknowledged = new Map<string, number>();
  const chainOf = (stream: string, sensor: string) => `${partitionOf(sensor, settings.partitions)} ${stream}`;

  async function connected(): Promise<OpenStream> {
    if (context === undefined)
      throw new IhandlerError('LIFE_CYCLE', 'nats was used before start, or after close.');
    if (open !== undefined && !open.connection.isClosed()) return open;
    const connection = await connectNats(connectionOptions(settings, context), context.signal);
    try {
      // A sensor may have permission to look up its stream and nothing else of JetStream.
      await ensureStream(await jetstreamManager(connection, { checkAPI: false }), settings);
    } catch (error) {
      await connection.close();
      throw explained(`The stream ${settings.stream} cannot be used`, error);
    }
    open = { connection, client: jetstream(connection) };
    counts.connections += 1;
    return open;
  }

  function messagesOf(batch: readonly Incident[], maxPayload: number): readonly Message[] {
    const last = new Map<string, number>();
    return batch.map((incident) => {
      const { id, sensor, origin } = incident;
      const { stream, ordinal } = parseIncidentId(id);
      const { local: _local, ...shared } = incident;
      const payload = Buffer.from(encodeIncident(shared));
      if (payload.length + OVERHEAD > maxPayload)
        throw permanent(
          `The incident has ${payload.length} bytes and the server accepts messages of ${maxPayload} bytes: raise "max_payload" on the server.`,
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
      if (acknowledged.size >= MAX_STREAMS && !acknowledged.has(chain)) acknowledged.clear();
      acknowledged.set(chain, ordinal);
    }
  }

  return defineHandler({
    name: 'nats',
    accepts: ['*'],
    start(given) {
      // Invalid options must fail at start, not at the first incident.
      connectionOptions(settings, given);
      context = given;
    },
    async write(batch) {
      const { connection, client } = await connected();
      const messages = messagesOf(batch, connection.info?.max_payload ?? 1024 * 1024);
      const sent = messages.map(({ id, subject, payload, headers: head }) =>
        client.publish(subject, payload, {
          msgID: id,
          timeout: ACK_TIMEOUT,
          expect: { streamName: settings.stream },
          ...(head !== undefined && { headers: head }),
        }),
      );
      const acks = await Promise.allSettled(sent);
      const failed = acks.find((ack) => ack.status === 'rejected');
      if (failed !== undefined) {
        // The stream may have been deleted or created again: the next attempt checks it.
        open = undefined;
        await connection.close().catch(() => undefined);
        throw explained(`The stream ${settings.stream} did not accept a message`, failed.reason);
      }
      for (const ack of acks) if (ack.status === 'fulfilled' && ack.value.duplicate) counts.duplicates += 1;
      counts.published += batch.length;
      remember(batch);
    },
    counters: () => ({ ...counts }),
    async close() {
      const closing = open;
      open = undefined;
      context = undefined;
      acknowledged.clear();
      await closing?.connection.close();
    },
  });
}

/** The header that names the previous ordinal; undefined for the first incident of a stream and for a retried one. */
function after(before: number | undefined, ordinal: number): MsgHdrs | undefined {
  if (before === undefined || before >= ordinal) return undefined;
  const head = headers();
  head.set(AFTER, String(before));
  return head;
}
