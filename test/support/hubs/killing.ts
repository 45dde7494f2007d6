import { setTimeout as pause } from 'node:timers/promises';

/** A process or a server that can be killed and restarted. */
export interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  start(): Promise<void> | void;
}

/** The next number of a sequence that a seed determines, from 0 to below `limit`. */
export function seededRandom(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/**
 * Kills victims, each at least once and then at random, and restarts each after a moment. Several may be down at the same time.
 * Resolves after the given number of kills, when all are running again.
 */
export async function killAtRandom(
  victims: readonly Victim[],
  {
    kills,
    every,
    random,
  }: { readonly kills: number; readonly every: number; readonly random: (limit: number) => number },
): Promise<Readonly<Record<string, number>>> {
  const count = Object.fromEntries(victims.map(({ name }) => [name, 0]));
  const down = new Map<Victim, Promise<void>>();
  const first = victims.map((victim) => ({ victim, at: random(1_000_000) })).sort((a, b) => a.at - b.at);
  for (let n = 0; n < kills; n += 1) {
    await pause(every / 2 + random(every));
    const victim = first[n]?.victim ?? victims[random(victims.length)];
    if (victim === undefined) throw new Error('expected a victim');
    await down.get(victim);
    count[victim.name] = (count[victim.name] ?? 0) + 1;
    await victim.kill();
    const back = pause(random(2 * every)).then(() => victim.start());
    // Reported below.
    back.catch(() => undefined);
    down.set(victim, back);
  }
  await Promise.all(down.values());
  return count;
}
