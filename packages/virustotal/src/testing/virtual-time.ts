import type { Alarm } from '../worker/alarm.ts';

/** Time that passes only while somebody waits, and never beyond what a test allows. */
export interface VirtualTime {
  readonly now: () => number;
  /** An alarm for one who waits: time jumps to the end of its wait. */
  readonly createAlarm: () => Alarm;
  /** Lets time pass until then; resolves when whoever waits has nothing to do before. */
  runUntil(time: number): Promise<void>;
  /** Lets so many milliseconds pass. */
  run(milliseconds: number): Promise<void>;
}

/** Makes one that begins at `start`, in milliseconds since the Unix epoch; `told` is told whenever it goes on. */
export function createVirtualTime(start: number, told: (now: number) => void = () => {}): VirtualTime {
  let now = start;
  const goTo = (then: number): void => {
    if (then <= now) return;
    now = then;
    told(now);
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
