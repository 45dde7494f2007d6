/** A message on its way into the journal. */
export interface SequencedMessage {
  readonly stream: string;
  readonly ordinal: number;
  /** The ordinal of the one that its publisher sent before it in the same stream; undefined: it did not say. */
  readonly after: number | undefined;
}

/** Puts what the network changed the order of back into it. */
export interface ReorderBuffer<M extends SequencedMessage> {
  /** What may go on because of this message, in order: itself and those that waited for it; or nothing, while it waits. */
  take(message: M, now: number): Promise<readonly M[]>;
  /** What has waited too long, in order: it goes on without what it waited for. */
  overdue(now: number): readonly M[];
  waiting(): readonly M[];
}

interface Guest<M> {
  readonly message: M;
  readonly since: number;
}

/** How many messages may wait for others. */
const MOST = 10_000;
/** Streams whose highest ordinal is at hand. */
const REMEMBERED = 10_000;

/**
 * Lets each message pass that comes right after what was seen of its stream, and keeps one that comes too early for
 * `patience` milliseconds at most. `highest` tells the highest ordinal of a stream that the journal has.
 */
export function createReorderBuffer<M extends SequencedMessage>(
  highest: (stream: string) => Promise<number | undefined>,
  patience: number,
): ReorderBuffer<M> {
  const seen = new Map<string, number>();
  const early = new Map<string, Guest<M>[]>();
  let count = 0;

  async function seenOf(stream: string): Promise<number> {
    const known = seen.get(stream);
    if (known !== undefined) return known;
    const found = (await highest(stream)) ?? -1;
    if (seen.size >= REMEMBERED) seen.clear();
    seen.set(stream, found);
    return found;
  }

  function pass(message: M): M {
    const before = seen.get(message.stream) ?? -1;
    if (message.ordinal > before) seen.set(message.stream, message.ordinal);
    return message;
  }

  /** Those of a stream that may go on by now. */
  function released(stream: string): M[] {
    const guests = early.get(stream);
    if (guests === undefined) return [];
    const passed: M[] = [];
    for (;;) {
      const at = guests.findIndex(({ message }) => (message.after ?? -1) <= (seen.get(stream) ?? -1));
      const [guest] = at === -1 ? [] : guests.splice(at, 1);
      if (guest === undefined) break;
      count -= 1;
      passed.push(pass(guest.message));
    }
    if (guests.length === 0) early.delete(stream);
    return passed;
  }

  /** Lets the earliest of a stream go on although what it waits for has not come, and what follows from it. */
  function force(stream: string): M[] {
    const guests = early.get(stream) ?? [];
    let first = 0;
    for (const [at, { message }] of guests.entries())
      if (message.ordinal < (guests[first]?.message.ordinal ?? Number.POSITIVE_INFINITY)) first = at;
    const [guest] = guests.splice(first, 1);
    if (guest === undefined) return [];
    count -= 1;
    return [pass(guest.message), ...released(stream)];
  }

  return {
    async take(message, now) {
      const { stream, after, ordinal } = message;
      const known = await seenOf(stream);
      if (after === undefined || after <= known || ordinal <= known)
        return [pass(message), ...released(stream)];
      const guests = early.get(stream) ?? [];
      guests.push({ message, since: now });
      early.set(stream, guests);
      count += 1;
      return count > MOST ? force(stream) : [];
    },
    overdue(now) {
      const passed: M[] = [];
      for (const [stream, guests] of [...early])
        while (guests.some(({ since }) => now - since >= patience)) passed.push(...force(stream));
      return passed;
    },
    waiting: () => [...early.values()].flatMap((guests) => guests.map(({ message }) => message)),
  };
}
