import { randomBytes } from 'node:crypto';
import type { ReadLine } from './read-lines.ts';

/** A stream for incidents that arrive without an id, reserved for one post. */
export interface BorrowedStream {
  readonly read: ReadLine;
  nextOrdinal(): number;
  /** Makes the stream available to other posts. Safe to call twice. */
  release(): void;
}

/**
 * The streams of one run of the port. Each stream belongs to one client, since hubs may be divided by sensor and must not
 * split a stream. Ordinals must reach the journal in the order in which they were assigned, but a large post is read in
 * turns: a second post of the same client that is read in between gets another stream. There are at most as many streams
 * as clients and simultaneous posts.
 */
export interface Streams<C> {
  borrow(client: C): BorrowedStream;
}

/** Makes {@link Streams}; `createReader` makes the line reader of a client and a stream. */
export function createStreams<C>(createReader: (client: C, stream: string) => ReadLine): Streams<C> {
  const free = new Map<C, ReturnType<typeof createStream>[]>();

  function createStream(client: C) {
    const read = createReader(client, randomBytes(8).toString('hex'));
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
    borrow(client) {
      const freeStreams = free.get(client) ?? [];
      free.set(client, freeStreams);
      const stream = freeStreams.pop() ?? createStream(client);
      let isBorrowed = true;
      return {
        ...stream,
        release() {
          if (isBorrowed) freeStreams.push(stream);
          isBorrowed = false;
        },
      };
    },
  };
}
