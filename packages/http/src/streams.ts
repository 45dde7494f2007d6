import { randomBytes } from 'node:crypto';
import type { ReadLine } from './read-lines.ts';

/** A stream of incidents that bring no id, as long as nobody else uses it. */
export interface BorrowedStream<S> {
  readonly readerOf: (sender: S) => ReadLine;
  nextOrdinal(): number;
  /** Lets others use it. More than once does no harm. */
  giveBack(): void;
}

/**
 * The streams of a run of the port. Ordinals must reach the journal in the order in which they were given, and a large post
 * is read in turns: so what is read in between gets a stream of its own. There are no more of them than posts at a time.
 */
export interface Streams<S> {
  borrow(): BorrowedStream<S>;
}

/** Makes {@link Streams}; `createReader` makes what reads the lines of a sender for a stream. */
export function createStreams<S>(createReader: (sender: S, stream: string) => ReadLine): Streams<S> {
  const free: ReturnType<typeof createStream>[] = [];

  function createStream() {
    const stream = randomBytes(8).toString('hex');
    const readers = new Map<S, ReadLine>();
    let ordinal = 0;
    return {
      readerOf(sender: S): ReadLine {
        const reader = readers.get(sender) ?? createReader(sender, stream);
        readers.set(sender, reader);
        return reader;
      },
      nextOrdinal(): number {
        ordinal += 1;
        return ordinal;
      },
    };
  }

  return {
    borrow() {
      const stream = free.pop() ?? createStream();
      let isBorrowed = true;
      return {
        ...stream,
        giveBack() {
          if (isBorrowed) free.push(stream);
          isBorrowed = false;
        },
      };
    },
  };
}
