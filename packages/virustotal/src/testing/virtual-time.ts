import type { Alarm } from '../worker/alarm.ts';

/** Time that passes only while an alarm waits, up to the limit that a test sets. */
export interface VirtualTime {
  readonly now: () => number;
  /** Creates an alarm: time jumps to the end of its wait. */
  readonly createAlarm: () => Alarm;
  /** Lets time pass up to a time. Resolves when the alarm waits for a later one. */
  runUntil(time: number): Promise<void>;
  /** Lets some milliseconds pass. */
  run(milliseconds: number): Promise<void>;
}

/** Creates a virtual time from `start`, in milliseconds since the Unix epoch. Calls `onAdvance` whenever time passes. */
export function createVirtualTime(start: number, onAdvance: (now: number) => void = () => {}): VirtualTime {
  let now = start;
  const goTo = (then: number): void => {
    if (then <= now) return;
    now = then;
    onAdvance(now);
  };
  let limit = start;
  let resume: (() => void) | undefined;
  let parked: (() => void) | undefined;
  const time: VirtualTime = {
    now: () => now,
    createAlarm() {
      let rung = false;
      return {
        async wait(milliseconds) {
          const due = now + milliseconds;
          while (due > limit && !rung) {
            const woken = new Promise<void>((resolve) => {
              resume = resolve;
            });
            parked?.();
            await woken;
            resume = undefined;
          }
          if (!rung) goTo(due);
          rung = false;
        },
        ring() {
          rung = true;
          resume?.();
        },
      };
    },
    async runUntil(until) {
      limit = until;
      const idle = new Promise<void>((resolve) => {
        parked = resolve;
      });
      resume?.();
      await idle;
      goTo(until);
    },
    run: (milliseconds) => time.runUntil(now + milliseconds),
  };
  return time;
}
