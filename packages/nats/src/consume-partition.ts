import { setTimeout as wait } from 'node:timers/promises';
import { type Incident, type SourceContext, temporary } from '@ihandler/core';
import {
  type Consumer,
  type ConsumerMessages,
  DeliverPolicy,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { SubscriberSettings } from './options.ts';
import { createPartition } from './partition.ts';
import { partitionSubject } from './subject.ts';

/** What is kept with what was taken: which stream it was, and how far of each partition. */
export interface State {
  readonly created: string;
  readonly sequences: Record<string, number>;
}

/** How many messages are taken at once, and how long they are waited for, in milliseconds. */
const BATCH = 500;
const LINGER = 20;
/** How often a partition in which nothing comes asks how far the stream is, in milliseconds. */
const LOOK_EVERY = 60_000;

/** What a consumer says of itself that it does not get over by itself: it is made anew. */
const fatal: ReadonlySet<string> = new Set(['consumer_deleted', 'consumer_not_found', 'stream_not_found']);

/** A partition to consume, and with what. */
export interface Consuming {
  readonly connection: NatsConnection;
  readonly settings: SubscriberSettings;
  readonly number: number;
  readonly state: State;
  readonly context: SourceContext;
  readonly over: AbortSignal;
  /** The oldest sequence that the stream still has. */
  readonly first: number;
}

/** Takes a partition's messages until the signal `over` aborts. Rejects with a passing error when it cannot go on. */
export async function consumePartition(parts: Consuming): Promise<void> {
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
  async function report(batch: readonly Incident[], upTo: number): Promise<void> {
    const sequence = Math.max(state.sequences[number] ?? 0, upTo);
    // Of the other partitions only what is durable: theirs may fail while this succeeds.
    const sequences = { ...state.sequences, [number]: sequence };
    await context.report(batch, { state: { created: state.created, sequences } });
    state.sequences[number] = sequence;
  }
  const partition = createPartition({
    number,
    prefix,
    partitions: settings.partitions,
    patience: patience * 1000,
    context,
    report,
  });
  const messages = await consumer.consume({ max_messages: BATCH * 2 });
  const stop = () => messages.stop();
  over.addEventListener('abort', stop, { once: true });
  const queue = createQueue();
  const ticking = setInterval(() => queue.push('tick'), 1000);
  const reading = (async () => {
    for await (const message of messages) {
      queue.push(message);
      await queue.room();
    }
  })().finally(() => queue.push('end'));
  // It is waited for below; until then it may fail while a batch becomes durable, and that must not end the process.
  reading.catch(() => undefined);
  const problem = firstProblem(messages, `The consumer of partition ${number} of the stream ${stream}`);
  let looked = performance.now();
  try {
    for (;;) {
      const { batch, wasTick, isOver } = await queue.next();
      if (batch.length > 0) await partition.take(batch);
      if (wasTick) await partition.tick();
      if (isOver || over.aborted) break;
      if (batch.length > 0 || performance.now() - looked < LOOK_EVERY) continue;
      looked = performance.now();
      const upTo = await allTaken(connection, stream, consumer, state.sequences[number] ?? 0);
      if (upTo !== undefined && partition.isIdle()) await report([], upTo);
    }
    // Who reads may wait for room that nobody makes any more; and all may have been over before it listened.
    messages.stop();
    queue.push('end');
    await reading;
    if (!over.aborted) throw await problem;
  } finally {
    clearInterval(ticking);
    over.removeEventListener('abort', stop);
    messages.stop();
    queue.push('end');
    await reading.catch(() => undefined); // whoever waits for the partition is told
  }
}

/** Stops a consumer that cannot go on; resolves, when it has stopped, with why. */
async function firstProblem(messages: ConsumerMessages, who: string): Promise<Error> {
  let found: Error | undefined;
  for await (const { type } of messages.status()) {
    if (found !== undefined || !fatal.has(type)) continue;
    found = temporary(`${who} is gone (${type.replaceAll('_', ' ')}): it is made again.`);
    messages.stop();
  }
  return found ?? temporary(`${who} has ended.`);
}

/**
 * How far the stream is when all that it has of a partition was taken; undefined when it was not. Without that, what the
 * stream lets go of other partitions would look like a loss in one that is quiet.
 */
async function allTaken(
  connection: NatsConnection,
  stream: string,
  consumer: Consumer,
  taken: number,
): Promise<number | undefined> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const { state } = await manager.streams.info(stream);
  if (state.last_seq <= taken) return undefined;
  const { num_pending: pending, delivered } = await consumer.info();
  return pending === 0 && delivered.stream_seq <= taken ? state.last_seq : undefined;
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
