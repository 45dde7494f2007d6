/** The requests that a key allows. */
export interface Limits {
  readonly minute: number;
  readonly day: number;
  readonly month: number;
}

/** The limits of a public key. */
export const PUBLIC_KEY: Limits = { minute: 4, day: 500, month: 15_500 };

/** The server's count of the requests of a key. */
export interface ServerQuota {
  /** Counts an arriving request. Returns the window whose limit it exceeds, if any. */
  arrive(): keyof Limits | undefined;
  /** Simulates another user who exhausts the key for the rest of the day or month. */
  exhaust(window: 'day' | 'month'): void;
  /** Requests of the tested client that exceeded a limit by themselves, with their time and window. */
  readonly violations: readonly string[];
  /** The times of requests while another user had exhausted the key. */
  readonly refusals: readonly string[];
  /** The requests in the current windows, including those of others. */
  used(): { readonly day: number; readonly month: number };
}

/** Creates a strict count: any 60 seconds as the minute, days and months in UTC, and every request, even a rejected one. */
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
