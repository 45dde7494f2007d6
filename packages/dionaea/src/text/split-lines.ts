/**
 * Takes a line: `bytes` from `from` to `to`, or undefined bytes when it is longer than the limit. `start` and `end` are
 * its place in the text, `end` after its newline; a last line without one (not `whole`) ends where its newline would.
 */
export type TakeLine = (
  bytes: Buffer | undefined,
  from: number,
  to: number,
  start: number,
  end: number,
  whole: boolean,
) => void;

/** Cuts bytes into lines; holds at most `limit` bytes and a chunk. */
export interface LineSplitter {
  push(chunk: Buffer): void;
  /** The end of the text: takes what is left as a line that is not whole. */
  end(): void;
}

/** Is told of NUL bytes before a line: where they are, and how many. */
export type SkipNulls = (start: number, length: number) => void;

const newline = 0x0a;

/**
 * Cuts at `\n`, beginning at an offset of the text. Lines without a byte are not taken. NUL bytes at the beginning of a line
 * are no part of it: a machine that loses power leaves them where text should be, and the writer goes on behind them.
 */
export function createLineSplitter(
  offset: number,
  limit: number,
  take: TakeLine,
  skipNulls: SkipNulls = () => undefined,
): LineSplitter {
  let start = offset;
  let nulls = 0;
  // The beginning of a line that came with earlier chunks.
  let parts: Buffer[] = [];
  let length = 0;

  function hold(part: Buffer): void {
    length += part.length;
    if (length > limit) parts = [];
    else parts.push(part);
  }
  function takeHeld(whole: boolean): void {
    const end = start + length + 1;
    take(length > limit ? undefined : Buffer.concat(parts), 0, length, start, end, whole);
    start = end;
    parts = [];
    length = 0;
  }

  function tellNulls(): void {
    if (nulls > 0) skipNulls(start - nulls, nulls);
    nulls = 0;
  }
  /** Where the next line begins in a chunk, behind NULs; those at its end may go on in the next one. */
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
      if (from < chunk.length) tellNulls();
      for (let to = chunk.indexOf(newline, from); to !== -1; to = chunk.indexOf(newline, from)) {
        if (length > 0) {
          hold(chunk.subarray(from, to));
          takeHeld(true);
        } else {
          const end = start + (to - from) + 1;
          if (to > from) take(to - from > limit ? undefined : chunk, from, to, start, end, true);
          start = end;
        }
        from = lineFrom(chunk, to + 1);
        if (from < chunk.length) tellNulls();
      }
      // Copied, so that the rest of a line does not keep a whole chunk in memory.
      if (from < chunk.length) hold(Buffer.from(chunk.subarray(from)));
    },
    end() {
      tellNulls();
      if (length > 0) takeHeld(false);
    },
  };
}
