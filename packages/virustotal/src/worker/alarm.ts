/** A timer that can be interrupted. */
export interface Alarm {
  /** Waits for some milliseconds or until `ring`. Returns at once if it has rung since the last wait. */
  wait(milliseconds: number): Promise<void>;
  ring(): void;
}

/** Creates an alarm. Its timer does not keep the process alive. */
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
