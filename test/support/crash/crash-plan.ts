/** The faults in a life of the child, apart from its end. */
export interface Trouble {
  /** Handlers throw or reject: temporarily, permanently, or with an unknown error. */
  readonly failing: boolean;
  /** A handler never returns. */
  readonly hanging: boolean;
  /** A write commits and then fails. */
  readonly answeringWrong: boolean;
  /** The disk is too full for the journal. */
  readonly full: boolean;
  /** Milliseconds between the child's clock and ours. */
  readonly clock: number;
}

/** How a life ends. `after` counts answers to posts, `delay` is in milliseconds from there. */
export type End =
  /** SIGKILL this many milliseconds after the start, ready or not. */
  | { readonly how: 'killed early'; readonly delay: number }
  | { readonly how: 'killed'; readonly after: number; readonly delay: number }
  /** Files may grow by this many KiB only; then SIGKILL. */
  | {
      readonly how: 'killed at a limit';
      readonly after: number;
      readonly delay: number;
      readonly room: number;
    }
  /** fsync fails from now on: the process must end by itself. */
  | { readonly how: 'fsync fails'; readonly after: number };

/** A life of the child. */
export interface Life {
  readonly trouble: Trouble;
  readonly end: End;
}

/** The history of one journal: lives that end badly, then one that ends well. */
export interface CrashPlan {
  readonly seed: number;
  /** The port posted to: `http` keeps ids, so that a post may be repeated; `dionaea-http` does not. */
  readonly port: 'http' | 'dionaea-http';
  readonly lives: readonly Life[];
  /** Whether incidents that failed permanently succeed in the last life, and dead letters are retried. */
  readonly repaired: boolean;
}

/** Random numbers from a seed, from 0 to below 1 (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A life without faults, like the last one. */
export const calm: Trouble = {
  failing: false,
  hanging: false,
  answeringWrong: false,
  full: false,
  clock: 0,
};

/** The plan for a seed. Half of the seeds have only kills. `canFailFsync`: the library that makes fsync fail exists. */
export function planOf(seed: number, canFailFsync: boolean): CrashPlan {
  const random = randomOf(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const chance = (share: number) => random() < share;
  const troubled = chance(0.5);

  function troubleOf(): Trouble {
    if (!troubled) return calm;
    return {
      failing: chance(0.6),
      hanging: chance(0.15),
      answeringWrong: chance(0.4),
      full: chance(0.1),
      clock: chance(0.3) ? (below(3) - 1) * 86_400_000 : 0,
    };
  }

  function endOf({ full }: Trouble): End {
    const after = full ? 1 + below(2) : below(25);
    const delay = chance(0.5) ? 0 : random() * 6;
    if (troubled && !full && canFailFsync && chance(0.15)) return { how: 'fsync fails', after };
    if (troubled && !full && chance(0.2)) return { how: 'killed at a limit', after, delay, room: below(120) };
    if (chance(0.12)) return { how: 'killed early', delay: 60 + below(300) };
    return { how: 'killed', after, delay };
  }

  const lives = Array.from({ length: [1, 1, 1, 2, 2, 3][below(6)] ?? 1 }, (): Life => {
    const trouble = troubleOf();
    return { trouble, end: endOf(trouble) };
  });
  return { seed, port: chance(0.6) ? 'http' : 'dionaea-http', lives, repaired: chance(0.5) };
}
