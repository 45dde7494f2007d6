import type { Value } from '@ihandler/core';
import { z } from 'zod';

/** How many parts that have been read are remembered. */
const rememberedParts = 32;

const partSchema = z.object({
  base: z.string(),
  generation: z.number(),
  offset: z.number(),
  check: z.string(),
  id: z.string(),
  began: z.number(),
  done: z.boolean(),
});

/**
 * A part: what was written to the followed file between two rotations. `base` is the stream that its first line makes;
 * `generation` tells parts apart that begin with the same line. `offset` is the end of the last whole line taken, in
 * bytes of the uncompressed text, and `check` a hash of what is before it. `id` is where it was last, as device and
 * inode. `began` is the time of its first line in milliseconds. `done`: nothing of it is to come.
 */
export type Part = Readonly<z.infer<typeof partSchema>>;

const stateSchema = z.object({
  version: z.literal(1),
  part: partSchema.optional(),
  seen: z.array(z.tuple([z.string(), z.number(), z.number()])),
  since: z.number(),
});

/**
 * What the source keeps with each report. `seen`: the parts before, or that were there before, as base, highest
 * generation and beginning, at most {@link rememberedParts}; a part that began no later than `since` is older than those.
 */
export type FollowState = Readonly<z.infer<typeof stateSchema>>;

/** Nothing was seen yet. */
export const freshState: FollowState = { version: 1, seen: [], since: 0 };

/** Reads what an earlier run kept; undefined when there is nothing, or nothing of ours. */
export function readState(kept: Value | undefined): FollowState | undefined {
  const result = stateSchema.safeParse(kept);
  return result.success ? result.data : undefined;
}

/** The state as it is kept. */
export function writeState({ part, seen, since }: FollowState): Value {
  const kept = { version: 1, seen: seen.map((entry) => [...entry]), since };
  return part === undefined ? kept : { ...kept, part: { ...part } };
}

/** Remembers a part that is over, or that is not to be read; forgets the ones that began first. */
export function remember(state: FollowState, base: string, generation: number, began: number): FollowState {
  const others = state.seen.filter(([known]) => known !== base);
  const all = [...others, [base, generation, began] as const].sort((a, b) => a[2] - b[2]);
  const forgotten = all.slice(0, Math.max(0, all.length - rememberedParts));
  return {
    ...state,
    seen: all.slice(forgotten.length).map(([name, highest, time]) => [name, highest, time]),
    since: forgotten.reduce((latest, [, , time]) => Math.max(latest, time), state.since),
  };
}

/** The highest generation of parts that begin like this one; undefined when none was seen. */
export function generationOf({ part, seen }: FollowState, base: string): number | undefined {
  if (part?.base === base) return part.generation;
  return seen.find(([known]) => known === base)?.[1];
}
