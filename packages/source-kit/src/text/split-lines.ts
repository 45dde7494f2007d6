/**
 * Receives a line: `bytes` from `from` to `to`, or undefined when it is longer than the limit. `start` and `end` are its
 * position in the text, `end` after its newline. A last line without a newline is not `isComplete`; its end is where its
 * newline would be.
 */
export type AddLine = (
  bytes: Buffer | undefined,
  from: number,
  to: number,
  start: number,
  end: number,
  isComplete: boolean,
) => void;

/** Receives the position and the number of NUL bytes before a line. */
export type AddNulls = (start: number, length: number) => void;

/** Splits bytes into lines; holds at most `limit` bytes and one chunk. */
export interface LineSplitter {
  push(chunk: Buffer): void;
  /** Ends the text: the remaining bytes become an incomplete line. */
  end(): void;
}

const newline = 0x0a;

/**
 * Splits at `\n`, beginning at an offset of the text. Empty lines are skipped. NUL bytes at the beginning of a line are not
 * part of it: a power failure leaves them in place of text, and the writer later continues after them.
 */
export function createLineSplitter(
  offset: number,
  limit: number,
  addLine: AddLine,
  addNulls: AddNulls = () => undefined,
): LineSplitter {
  let start = offset;
  let nulls = 0;
  // The beginning of a line from earlier chunks.
  let parts: Buffer[] = [];
  let length = 0;

  function hold(part: Buffer): void {
    length += part.length;
    if (length > limit) parts = [];
    else parts.push(part);
  }
  function addHeld(isComplete: boolean): void {
    const end = start + length + 1;
    addLine(length > limit ? undefined : Buffer.concat(parts), 0, length, start, end, isComplete);
    start = end;
    parts = [];
    length = 0;
  }

  function flushNulls(): void {
    if (nulls > 0) addNulls(start - nulls, nulls);
    nulls = 0;
  }
  /** The beginning of the next line in a chunk, after NULs. Those at the end of a chunk may continue in the next one. */
  function lineFrom(chunk: Buffer, from: number): number {
    if (length > 0 || chunk[from] !== 0) return from;
    let at = from;
    while (chunk[at] === 0) at += 1;
    nulls += at - from;
    start += at - from;
    return at;
  }

  return {
    push(chunk) {
      let from = lineFrom(chunk, 0);
      if (from < chunk.length) flushNulls();
      for (let to = chunk.indexOf(newline, from); to !== -1; to = chunk.indexOf(newline, from)) {
        if (length > 0) {
          hold(chunk.subarray(from, to));
          addHeld(true);
        } else {
          const end = start + (to - from) + 1;
          if (to > from) addLine(to - from > limit ? undefined : chunk, from, to, start, end, true);
          start = end;
        }
        from = lineFrom(chunk, to + 1);
        if (from < chunk.length) flushNulls();
      }
      // Copied, so that the rest of a line does not keep a whole chunk in memory.
      if (from < chunk.length) hold(Buffer.from(chunk.subarray(from)));
    },
    end() {
      flushNulls();
      if (length > 0) addHeld(false);
    },
  };
}
