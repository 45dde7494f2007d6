import type { Value } from '@ihandler/core';
import { z } from 'zod';

/** How many earlier parts are remembered. */
const rememberedParts = 32;

const partSchema = z.object({
  base: z.string(),
  generation: z.number(),
  offset: z.number(),
  check: z.string(),
  id: z.string(),
  began: z.number(),
  done: z.boolean(),
  recent: z.array(z.string()).optional(),
  time: z.number().optional(),
  last: z.number().optional(),
  file: z.string().optional(),
  alias: z.object({ stream: z.string(), upTo: z.number(), shift: z.number() }).optional(),
});

/**
 * A part: the lines that were written to the followed file between two rotations. `base` is the stream that its first line
 * identifies; `generation` distinguishes parts that begin with the same line. `offset` is the end of the last complete line
 * that was read, in bytes of the uncompressed text, and `check` a hash of the bytes before it. `id` is the device and inode
 * of its file when it was last read. `began` is the time of its first line in milliseconds. `done`: it has been read to its end.
 * `recent` are the marks of the last lines that were read (see `RecentLines`), and `time` is that of the last incident, and
 * `last` its ordinal, when lines after it hold none.
 * `file` is where the followed file is. `alias`: its beginning is the end of another part (see `LogAlias`). The last five
 * are absent in old states.
 */
export type Part = Readonly<z.infer<typeof partSchema>>;

const stateSchema = z.object({
  version: z.literal(1),
  part: partSchema.optional(),
  seen: z.array(z.tuple([z.string(), z.number(), z.number()])),
  since: z.number(),
  sessions: z.custom<Value>((value) => value !== undefined).optional(),
});

/**
 * The state that the source saves with each report. `seen`: the earlier parts, also those that existed before the first run,
 * as base, highest generation and time of the beginning, at most {@link rememberedParts}. Parts that began at `since` or
 * before are older than those. `sessions`: what the lines up to the position said about sessions (see `Sessions`).
 */
export type FollowState = Readonly<z.infer<typeof stateSchema>>;

/** The state before the first part. */
export const freshState: FollowState = { version: 1, seen: [], since: 0 };

/** Reads the state of an earlier run; undefined when there is none, or one in another form. */
export function readState(stored: Value | undefined): FollowState | undefined {
  const result = stateSchema.safeParse(stored);
  return result.success ? result.data : undefined;
}

/** The state as a value to store. */
export function writeState({ part, seen, since, sessions }: FollowState): Value {
  const stored = {
    version: 1,
    seen: seen.map((entry) => [...entry]),
    since,
    ...(sessions !== undefined && { sessions }),
  };
  if (part === undefined) return stored;
  const { recent, time, last, file, alias, ...rest } = part;
  const known = {
    ...rest,
    ...(recent && { recent: [...recent] }),
    ...(time !== undefined && { time }),
    ...(last !== undefined && { last }),
    ...(file !== undefined && { file }),
    ...(alias && { alias: { ...alias } }),
  };
  return { ...stored, part: known };
}

/** Remembers a part that is complete or must not be read; forgets the oldest ones. */
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

/** The highest generation among the parts with this first line; undefined when there is none. */
export function generationOf({ part, seen }: FollowState, base: string): number | undefined {
  if (part?.base === base) return part.generation;
  return seen.find(([known]) => known === base)?.[1];
}
