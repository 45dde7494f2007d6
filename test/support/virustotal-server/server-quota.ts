/** How many requests a key may make. */
export interface Limits {
  readonly minute: number;
  readonly day: number;
  readonly month: number;
}

/** The limits of a public key. */
export const PUBLIC_KEY: Limits = { minute: 4, day: 500, month: 15_500 };

/** The quota of a key as the server counts it. */
export interface ServerQuota {
  /** Counts a request that has arrived; answers which window it goes over, if any. */
  arrive(): keyof Limits | undefined;
  /** Somebody else uses the key up for the rest of the day, or of the month. */
  exhaust(window: 'day' | 'month'): void;
  /** Requests of the client under test that went over a limit by themselves: each with its time and window. */
  readonly violations: readonly string[];
  /** Requests that came while somebody else had used the key up, each by its time. */
  readonly refusals: readonly string[];
  /** Used so far, others included, in the windows that are open now. */
  used(): { readonly day: number; readonly month: number };
}

/** Counts strictly: any 60 seconds for the minute, days and months of UTC; every request that arrives, refused ones too. */
export function createServerQuota(limits: Limits, now: () => number): ServerQuota {
  const recent: number[] = [];
  const own = new Map<string, number>();
  const exhausted = new Set<string>();
  const violations: string[] = [];
  const refusals: string[] = [];
  const names = (time: number) => {
    const stamp = new Date(time).toISOString();
    return { day: stamp.slice(0, 10), month: stamp.slice(0, 7) };
  };

  function count(name: string): number {
    const next = (own.get(name) ?? 0) + 1;
    own.set(name, next);
    return next;
  }

  return {
    violations,
    refusals,
    arrive() {
      const time = now();
      const { day, month } = names(time);
      while (recent[0] !== undefined && recent[0] <= time - 60_000) recent.shift();
      recent.push(time);
      const over: (keyof Limits)[] = [];
      if (count(month) > limits.month) over.push('month');
      if (count(day) > limits.day) over.push('day');
      if (recent.length > limits.minute) over.push('minute');
      for (const window of over) violations.push(`${new Date(time).toISOString()} ${window}`);
      if (over.length === 0 && (exhausted.has(day) || exhausted.has(month))) {
        refusals.push(new Date(time).toISOString());
        return exhausted.has(day) ? 'day' : 'month';
      }
      return over[0];
    },
    exhaust(window) {
      exhausted.add(names(now())[window]);
    },
    used() {
      const { day, month } = names(now());
      return {
        day: exhausted.has(day) || exhausted.has(month) ? limits.day : (own.get(day) ?? 0),
        month: exhausted.has(month) ? limits.month : (own.get(month) ?? 0),
      };
    },
  };
}
