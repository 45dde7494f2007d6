import { setMaxListeners } from 'node:events';
import {
  defineSource,
  describeError,
  failureKind,
  IhandlerError,
  type Source,
  type SourceContext,
  temporary,
  type Value,
} from '@ihandler/core';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectionOptions, connectNats, explained } from './connect.ts';
import { ensureStream } from './ensure-stream.ts';
import { type NatsSourceOptions, readSubscriberOptions, type SubscriberSettings } from './options.ts';
import { PartitionConsumer, type StreamPosition } from './partition-consumer.ts';

export type { NatsSourceOptions } from './options.ts';

function positionIn(value: Value | undefined): StreamPosition | undefined {
  if (typeof value !== 'object' || value === null || !('created' in value) || !('sequences' in value))
    return undefined;
  // Safe: only this source stores it, in exactly this form.
  const { created, sequences } = value as { created: string; sequences: Readonly<Record<string, number>> };
  return { created, sequences: { ...sequences } };
}

/**
 * Reads incidents from a JetStream stream, with one ordered consumer for each partition of this hub. It resumes after the
 * last incident in the journal; ids are kept. Its run rejects with a temporary error when the connection fails or ends.
 * Throws `OPTIONS_INVALID`.
 */
export default function natsSource(options: NatsSourceOptions): Source {
  const settings = readSubscriberOptions(options);
  const { partitions, take = Array.from({ length: partitions }, (_, at) => at) } = settings;
  const invalid = take.find((partition) => partition >= partitions);
  if (invalid !== undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `nats: take: expected partitions from 0 to ${partitions - 1}, found ${invalid}.`,
    );
  return defineSource({
    name: 'nats',
    async run(context) {
      let connection: NatsConnection | undefined;
      try {
        connection = await connectNats(connectionOptions(settings, context), context.signal);
        context.log.info('connected', { server: connection.getServer() });
        await consume(connection, settings, take, context);
      } catch (error) {
        if (!context.signal.aborted) throw error;
      } finally {
        await connection?.close().catch(() => undefined); // it may be closed already
      }
    },
  });
}

/** Consumes the partitions until the signal aborts. Rejects with a temporary error when the connection ends. */
async function consume(
  connection: NatsConnection,
  settings: SubscriberSettings,
  take: readonly number[],
  context: SourceContext,
): Promise<void> {
  const ending = new AbortController();
  // Each partition adds listeners, and so does each consumer of the client.
  setMaxListeners(take.length * 4, ending.signal);
  const end = () => ending.abort();
  context.signal.addEventListener('abort', end, { once: true });
  const closed = connection.closed();
  closed.then(end, end);
  try {
    const { created, firstSequence } = await openStream(connection, settings);
    const position = await resumePosition(created, settings, context);
    const running = take.map((number) =>
      new PartitionConsumer({
        connection,
        settings,
        number,
        position,
        context,
        signal: ending.signal,
        firstSequence,
      }).run(),
    );
    // When one ends, all end. All are awaited, so that none reports afterwards.
    for (const partition of running) partition.catch(end);
    throwWorst(await Promise.allSettled(running));
  } finally {
    end();
    context.signal.removeEventListener('abort', end);
  }
  if (context.signal.aborted) return;
  const cause = await closed;
  const reason = cause === undefined ? '' : `: ${describeError(cause)}`;
  throw temporary(`The connection to NATS at ${connection.getServer()} has ended${reason}.`, { cause });
}

async function openStream(
  connection: NatsConnection,
  settings: SubscriberSettings,
): Promise<{ readonly created: string; readonly firstSequence: number }> {
  try {
    const { created, state } = await ensureStream(await jetstreamManager(connection), settings);
    return { created, firstSequence: state.first_seq };
  } catch (error) {
    throw explained(`The stream ${settings.stream} cannot be used`, error);
  }
}

/** The stored position, or the beginning of the stream if the position belongs to another one. */
async function resumePosition(
  created: string,
  { stream }: SubscriberSettings,
  context: SourceContext,
): Promise<StreamPosition> {
  const stored = positionIn(await context.state());
  if (stored?.created === created) return stored;
  if (stored !== undefined)
    context.log.warn('stream was created again: reading it from its beginning', { stream });
  return { created, sequences: {} };
}

/** Throws the error of a partition, if any failed; one that a restart does not fix comes first. */
function throwWorst(outcomes: readonly PromiseSettledResult<void>[]): void {
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  const worst = reasons.find((reason) => failureKind(reason) !== 'temporary') ?? reasons[0];
  if (worst !== undefined) throw worst;
}
