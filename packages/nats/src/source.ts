import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import {
  defineSource,
  describeError,
  IhandlerError,
  type Incident,
  isIhandlerError,
  type Source,
  type SourceContext,
  type Value,
} from '@ihandler/core';
import { DeliverPolicy, type JsMsg, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { connectionOptions, connectNats, explained } from './connect.ts';
import { ensureStream } from './ensure-stream.ts';
import { type NatsSourceOptions, readSubscriberOptions } from './options.ts';
import { createPartition } from './partition.ts';
import { partitionSubject } from './subject.ts';

export type { NatsSourceOptions } from './options.ts';

type Settings = ReturnType<typeof readSubscriberOptions>;

/** What is kept with what was taken: which stream it was, and how far of each partition. */
interface State {
  readonly created: string;
  readonly sequences: Record<string, number>;
}

/** How many messages are taken at once, and how long they are waited for, in milliseconds. */
const BATCH = 500;
const LINGER = 20;

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
      const connecting = connectionOptions(settings, context.instance);
      let wasTold = false;
      for (let failures = 0; !signal.aborted; failures += 1) {
        let connection: NatsConnection | undefined;
        const began = context.now();
        try {
          connection = await connectNats(connecting);
          log.message('connected', { server: connection.getServer() });
          wasTold = false;
          await consume(connection, settings, take, context);
        } catch (error) {
          if (signal.aborted) break;
          if (isIhandlerError(error)) throw error;
          if (!wasTold) log.warning('is away, and comes back', { error: describeError(error) });
          wasTold = true;
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
): Promise<void> {
  const { stream } = settings;
  const info = await (async () => ensureStream(await jetstreamManager(connection), settings))().catch(
    (error: unknown) => {
      throw explained(`The stream ${stream} cannot be used`, error);
    },
  );
  const kept = stateOf(await context.state());
  const isSame = kept?.created === info.created;
  if (kept !== undefined && !isSame)
    context.log.warning('the stream is another one than before: it is taken from its beginning', { stream });
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

interface Consuming {
  readonly connection: NatsConnection;
  readonly settings: Settings;
  readonly number: number;
  readonly state: State;
  readonly context: SourceContext;
  readonly over: AbortSignal;
  /** The oldest sequence that the stream still has. */
  readonly first: number;
}

async function consumePartition(parts: Consuming): Promise<void> {
  const { connection, settings, number, state, context, over, first } = parts;
  const { stream, prefix, patience } = settings;
  const taken = state.sequences[number] ?? 0;
  if (taken > 0 && first > taken + 1)
    context.log.error('the stream has let messages go that were not taken', {
      partition: number,
      atMost: first - taken - 1,
    });
  const consumer = await jetstream(connection).consumers.get(stream, {
    filter_subjects: partitionSubject(prefix, number),
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: taken + 1,
  });
  const partition = createPartition({
    number,
    prefix,
    patience: patience * 1000,
    context,
    async report(batch: readonly Incident[], upTo: number) {
      const sequence = Math.max(state.sequences[number] ?? 0, upTo);
      // Of the other partitions only what is durable: theirs may fail while this succeeds.
      const sequences = { ...state.sequences, [number]: sequence };
      await context.report(batch, { state: { created: state.created, sequences } });
      state.sequences[number] = sequence;
    },
  });
  const messages = await consumer.consume({ max_messages: BATCH * 2 });
  const stop = () => messages.stop();
  over.addEventListener('abort', stop, { once: true });
  const ticking = setInterval(() => queue.push('tick'), 1000);
  const queue = createQueue();
  const reading = (async () => {
    for await (const message of messages) {
      queue.push(message);
      await queue.room();
    }
  })().finally(() => queue.push('end'));
  try {
    for (;;) {
      const { batch, wasTick, isOver } = await queue.next();
      if (batch.length > 0) await partition.take(batch);
      if (wasTick) await partition.tick();
      if (isOver || over.aborted) break;
    }
    await reading;
  } finally {
    clearInterval(ticking);
    over.removeEventListener('abort', stop);
    messages.stop();
    queue.push('end');
    await reading.catch(() => undefined); // whoever waits for the partition is told
  }
}

interface Next {
  readonly batch: readonly JsMsg[];
  readonly wasTick: boolean;
  readonly isOver: boolean;
}

/** Gathers messages for a moment, so that many share one fsync, and holds the consumer up while many wait. */
function createQueue() {
  let messages: JsMsg[] = [];
  let wasTick = false;
  let isOver = false;
  let wake: () => void = () => {};
  let free: () => void = () => {};
  return {
    /** Resolves when more may be pushed. */
    async room(): Promise<void> {
      while (messages.length >= BATCH && !isOver)
        await new Promise<void>((resolve) => {
          free = resolve;
        });
    },
    push(what: JsMsg | 'tick' | 'end') {
      if (what === 'tick') wasTick = true;
      else if (what === 'end') {
        isOver = true;
        free();
      } else messages.push(what);
      wake();
    },
    async next(): Promise<Next> {
      while (messages.length === 0 && !wasTick && !isOver)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (messages.length > 0 && messages.length < BATCH && !isOver) await wait(LINGER);
      const next = { batch: messages, wasTick, isOver };
      messages = [];
      wasTick = false;
      free();
      return next;
    },
  };
}
