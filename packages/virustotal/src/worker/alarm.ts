/** A wait that can be cut short. */
export interface Alarm {
  /** Waits so many milliseconds, or until it rings; not at all when it has rung since the last wait. */
  wait(milliseconds: number): Promise<void>;
  ring(): void;
}

/** Makes one of a timer that keeps no process alive. */
export function createAlarm(): Alarm {
  let rung = false;
  let wake: (() => void) | undefined;
  return {
    async wait(milliseconds) {
      if (!rung)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.max(0, milliseconds));
          timer.unref();
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      rung = false;
      wake = undefined;
    },
    ring() {
      rung = true;
      wake?.();
    },
  };
}
