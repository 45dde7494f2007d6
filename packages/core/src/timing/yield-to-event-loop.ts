/** How long a loop may work before timers, signals and sources get their turn, in milliseconds. */
const TURN = 20;

/** Lets a loop that works without waiting yield to the event loop from time to time. */
export interface EventLoopYield {
  /** Call after each piece of work. A promise to wait for when the event loop has not run for a turn; else undefined. */
  afterWork(): Promise<void> | undefined;
  /** Call when the loop had nothing to do: its turn begins anew. */
  afterRest(): void;
}

/** Begins a turn. */
export function createEventLoopYield(): EventLoopYield {
  let began = performance.now();
  /** Whether the event loop has run since `began`, as it does while a commit is awaited. */
  let hasRun = true;

  function onRun(): void {
    hasRun = true;
  }

  return {
    afterWork() {
      if (hasRun) {
        hasRun = false;
        began = performance.now();
        setImmediate(onRun);
        return undefined;
      }
      if (performance.now() - began < TURN) return undefined;
      return new Promise((resolve) => setImmediate(resolve));
    },
    afterRest() {
      began = performance.now();
    },
  };
}
