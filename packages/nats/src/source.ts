import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import {
  defineSource,
  describeError,
  IhandlerError,
  isIhandlerError,
  type Source,
  type SourceContext,
  type Value,
} from '@ihandler/core';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectionOptions, connectNats, explained } from './connect.ts';
import { consumePartition, type State } from './consume-partition.ts';
import { ensureStream } from './ensure-stream.ts';
import { type NatsSourceOptions, readSubscriberOptions } from './options.ts';

export type { NatsSourceOptions } from './options.ts';

type Settings = ReturnType<typeof readSubscriberOptions>;

function stateOf(value: Value | undefined): State | undefined {
  if (typeof value !== 'object' || value === null || !('created' in value) || !('sequences' in value))
    return undefined;
  // Safe: only this source keeps it, in just this form.
  const { created, sequences } = value as { created: string; sequences: Readonly<Record<string, number>> };
  return { created, sequences: { ...sequences } };
}

/**
 * Takes incidents from a JetStream stream: of each partition that this hub has, one ordered consumer, which goes on after
 * what was taken, also after a restart. Ids stay. Connects again for as long as it runs. Throws `OPTIONS_INVALID`.
 */
export default function natsSource(options: NatsSourceOptions): Source {
  const settings = readSubscriberOptions(options);
  const { partitions, take = Array.from({ length: partitions }, (_, at) => at) } = settings;
  const wrong = take.find((partition) => partition >= partitions);
  if (wrong !== undefined)
    throw new IhandlerError(
      'OPTIONS_INVALID',
      `nats: take: expected partitions from 0 to ${partitions - 1}, found ${wrong}.`,
    );
  return defineSource({
    name: 'nats',
    async run(context) {
      const { signal, log } = context;
      const connecting = connectionOptions(settings, context);
      let told = '';
      for (let failures = 0; !signal.aborted; failures += 1) {
        let connection: NatsConnection | undefined;
        const began = context.now();
        try {
          connection = await connectNats(connecting);
          log.info('connected', { server: connection.getServer() });
          await consume(connection, settings, take, context, () => {
            told = '';
            context.disconnected?.(undefined);
          });
        } catch (error) {
          if (signal.aborted) break;
          if (isIhandlerError(error)) throw error;
          const reason = describeError(error);
          if (reason !== told) log.warn('is away, and comes back', { error: reason });
          told = reason;
          context.disconnected?.(reason);
        } finally {
          await connection?.close().catch(() => undefined); // it is over, one way or the other
        }
        if (context.now() - began > 60_000) failures = 0;
        const longest = Math.min(30_000, 250 * 2 ** Math.min(failures, 10));
        await wait(longest * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
      }
    },
  });
}

/** Consumes all partitions until the connection ends or the signal aborts. */
async function consume(
  connection: NatsConnection,
  settings: Settings,
  take: readonly number[],
  context: SourceContext,
  onThere: () => void,
): Promise<void> {
  const { stream } = settings;
  const info = await (async () => ensureStream(await jetstreamManager(connection), settings))().catch(
    (error: unknown) => {
      throw explained(`The stream ${stream} cannot be used`, error);
    },
  );
  onThere();
  const kept = stateOf(await context.state());
  const isSame = kept?.created === info.created;
  if (kept !== undefined && !isSame)
    context.log.warn('the stream is another one than before: it is taken from its beginning', { stream });
  const state: State = isSame ? kept : { created: info.created, sequences: {} };
  const over = new AbortController();
  // Each partition listens, and each consumer of the client too.
  setMaxListeners(take.length * 4, over.signal);
  const end = () => over.abort();
  context.signal.addEventListener('abort', end, { once: true });
  connection.closed().then(end, end);
  try {
    const running = take.map((number) =>
      consumePartition({
        connection,
        settings,
        number,
        state,
        context,
        over: over.signal,
        first: info.state.first_seq,
      }),
    );
    // The first that ends takes the others with it, and all are waited for: none may report any more afterwards.
    for (const partition of running) partition.catch(end);
    const ends = await Promise.allSettled(running);
    const failed = ends.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  } finally {
    over.abort();
    context.signal.removeEventListener('abort', end);
  }
}
