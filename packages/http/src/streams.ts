import { randomBytes } from 'node:crypto';
import type { ReadLine } from './read-lines.ts';

/** A stream of incidents that bring no id, as long as nobody else uses it. */
export interface BorrowedStream {
  readonly read: ReadLine;
  nextOrdinal(): number;
  /** Lets others use it. More than once does no harm. */
  giveBack(): void;
}

/**
 * The streams of a run of the port. A stream is of one sender: what tells hubs apart by sensors must not tear it up. Ordinals
 * must reach the journal in the order in which they were given, and a large post is read in turns: so what the same sender
 * has read in between gets a stream of its own. There are no more of them than senders, and posts at a time.
 */
export interface Streams<S> {
  borrow(sender: S): BorrowedStream;
}

/** Makes {@link Streams}; `createReader` makes what reads the lines of a sender for a stream. */
export function createStreams<S>(createReader: (sender: S, stream: string) => ReadLine): Streams<S> {
  const free = new Map<S, ReturnType<typeof createStream>[]>();

  function createStream(sender: S) {
    const read = createReader(sender, randomBytes(8).toString('hex'));
    let ordinal = 0;
    return {
      read,
      nextOrdinal(): number {
        ordinal += 1;
        return ordinal;
      },
    };
  }

  return {
    borrow(sender) {
      const own = free.get(sender) ?? [];
      free.set(sender, own);
      const stream = own.pop() ?? createStream(sender);
      let isBorrowed = true;
      return {
        ...stream,
        giveBack() {
          if (isBorrowed) own.push(stream);
          isBorrowed = false;
        },
      };
    },
  };
}
