/** How long a lane may go on before timers, signals and sources get their turn, in milliseconds. */
const TURN = 20;

/** Sees to it that whoever works in a loop does not keep the event loop for itself. */
export interface EventLoopYield {
  /** To be called after each piece of work: something to wait for when others are to have their turn, and have not had it meanwhile. */
  giveWay(): Promise<void> | undefined;
  /** To be called when there was nothing to do: what comes next may take its time again. */
  rested(): void;
}

/** Begins now. */
export function createEventLoopYield(): EventLoopYield {
  let began = performance.now();
  /** Whether the event loop has gone round since `began`, as it does while a commit is waited for. */
  let isOver = true;

  function over(): void {
    isOver = true;
  }

  return {
    giveWay() {
      if (isOver) {
        isOver = false;
        began = performance.now();
        setImmediate(over);
        return undefined;
      }
      if (performance.now() - began < TURN) return undefined;
      return new Promise((resolve) => setImmediate(resolve));
    },
    rested() {
      began = performance.now();
    },
  };
}
