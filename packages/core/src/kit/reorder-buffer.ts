/** A message with its place in its stream. */
export interface SequencedMessage {
  readonly stream: string;
  readonly ordinal: number;
  /** The ordinal of the message that its publisher sent before it in the same stream; undefined: unknown. */
  readonly after: number | undefined;
}

/** Restores the order of messages that the network delivered out of order. */
export interface ReorderBuffer<M extends SequencedMessage> {
  /** Adds a message. Returns the messages that it releases, in order: itself and those that waited for it; none while it waits. */
  add(message: M, now: number): Promise<readonly M[]>;
  /** Releases the messages that have waited too long, in order, without the ones they waited for. */
  expire(now: number): readonly M[];
  /** The messages that wait. */
  pending(): readonly M[];
}

interface BufferedMessage<M> {
  readonly message: M;
  /** When it was added, in milliseconds since the Unix epoch. */
  readonly since: number;
}

/** How many messages the buffer holds. */
const CAPACITY = 10_000;
/** How many streams have their highest released ordinal in memory. */
const MAX_STREAMS = 10_000;

/**
 * Releases a message that directly follows the last one of its stream, and holds one that arrives early for at most `maxWait`
 * milliseconds. `highestOrdinal` looks up the highest ordinal of a stream in the journal.
 */
export function createReorderBuffer<M extends SequencedMessage>(
  highestOrdinal: (stream: string) => Promise<number | undefined>,
  maxWait: number,
): ReorderBuffer<M> {
  /** The highest released ordinal of each stream. */
  const released = new Map<string, number>();
  /** The messages of each stream that wait. */
  const buffered = new Map<string, BufferedMessage<M>[]>();
  let size = 0;

  async function releasedOf(stream: string): Promise<number> {
    const cached = released.get(stream);
    if (cached !== undefined) return cached;
    const stored = (await highestOrdinal(stream)) ?? -1;
    if (released.size >= MAX_STREAMS) released.clear();
    released.set(stream, stored);
    return stored;
  }

  function release(message: M): M {
    const before = released.get(message.stream) ?? -1;
    if (message.ordinal > before) released.set(message.stream, message.ordinal);
    return message;
  }

  /** Releases the messages of a stream whose predecessor has been released. */
  function releaseReady(stream: string): M[] {
    const waiting = buffered.get(stream);
    if (waiting === undefined) return [];
    const ready: M[] = [];
    for (;;) {
      const at = waiting.findIndex(({ message }) => (message.after ?? -1) <= (released.get(stream) ?? -1));
      const [next] = at === -1 ? [] : waiting.splice(at, 1);
      if (next === undefined) break;
      size -= 1;
      ready.push(release(next.message));
    }
    if (waiting.length === 0) buffered.delete(stream);
    return ready;
  }

  /** Releases the lowest ordinal of a stream without its predecessor, and the messages that follow from it. */
  function releaseLowest(stream: string): M[] {
    const waiting = buffered.get(stream) ?? [];
    let lowest = 0;
    for (const [at, { message }] of waiting.entries())
      if (message.ordinal < (waiting[lowest]?.message.ordinal ?? Number.POSITIVE_INFINITY)) lowest = at;
    const [first] = waiting.splice(lowest, 1);
    if (first === undefined) return [];
    size -= 1;
    return [release(first.message), ...releaseReady(stream)];
  }

  return {
    async add(message, now) {
      const { stream, after, ordinal } = message;
      const last = await releasedOf(stream);
      if (after === undefined || after <= last || ordinal <= last)
        return [release(message), ...releaseReady(stream)];
      const waiting = buffered.get(stream) ?? [];
      waiting.push({ message, since: now });
      buffered.set(stream, waiting);
      size += 1;
      return size > CAPACITY ? releaseLowest(stream) : [];
    },
    expire(now) {
      const expired: M[] = [];
      for (const [stream, waiting] of [...buffered])
        while (waiting.some(({ since }) => now - since >= maxWait)) expired.push(...releaseLowest(stream));
      return expired;
    },
    pending: () => [...buffered.values()].flatMap((waiting) => waiting.map(({ message }) => message)),
  };
}
