/** Counts something that may happen often, and says so at most once in a while. */
export interface Seldom {
  /** Counts one more; says how many there were when the last word is long enough ago. */
  happened(detail?: Readonly<Record<string, unknown>>): void;
  /** Says what was counted and not said. */
  end(): void;
}

/** Makes one. `say` gets how many there were since the last word, and the detail of the last of them. */
export function createSeldom(
  now: () => number,
  say: (count: number, detail: Readonly<Record<string, unknown>>) => void,
  every = 60_000,
): Seldom {
  let count = 0;
  let saidAt = Number.NEGATIVE_INFINITY;
  let last: Readonly<Record<string, unknown>> = {};
  function end(): void {
    if (count > 0) say(count, last);
    count = 0;
  }
  return {
    happened(detail = {}) {
      count += 1;
      last = detail;
      // The clock may have been set back.
      if (Math.abs(now() - saidAt) < every) return;
      saidAt = now();
      end();
    },
    end,
  };
}
