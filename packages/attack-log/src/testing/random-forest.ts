import type { Incident } from '@ihandler/core';
import { accept, free, link, offer } from './incidents.ts';

/** A number from 0 to below `below`, from a seed, the same on every run (mulberry32). */
export type Random = (below: number) => number;

export function seededRandom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** A connection of a random forest. */
export interface PlannedConnection {
  readonly sensor: string;
  readonly id: string;
  readonly parent: string | null;
  /** The url of each offer on it. */
  readonly offers: readonly string[];
}

/** A forest and its incidents, in an order in which dionaea may report them. */
export interface RandomForest {
  readonly connections: readonly PlannedConnection[];
  readonly incidents: readonly Incident[];
}

/** Connections of one or two sensors that use the same ids; deep, broad or mixed. */
export function randomForest(random: Random): RandomForest {
  const connections: PlannedConnection[] = [];
  const incidents: Incident[] = [];
  for (const sensor of random(4) === 0 ? ['a', 'b'] : ['a']) {
    const size = 1 + random(14);
    const reach = 1 + random(size);
    for (let index = 0; index < size; index += 1) {
      const root = index === 0 || random(5) === 0;
      const parent = root ? null : `c${index - 1 - random(Math.min(index, reach))}`;
      const id = `c${index}`;
      const offers = Array.from({ length: random(3) }, (_, n) => `http://192.0.2.9/${sensor}/${id}/${n}`);
      connections.push({ sensor, id, parent, offers });
      if (parent !== null && random(3) === 0) incidents.push(link(parent, id, sensor, random(2) === 0));
      incidents.push(accept(id, sensor));
      if (parent !== null) incidents.push(link(parent, id, sensor, random(4) === 0));
      incidents.push(...offers.map((url) => offer(id, url, sensor)));
      if (random(4) > 0) incidents.push(free(id, sensor));
    }
  }
  return { connections, incidents };
}

/** Another order: from a few swapped neighbours to a completely random one. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  const reach = random(3) === 0 ? 4 : result.length;
  for (let at = result.length - 1; at > 0; at -= 1) {
    const other = Math.max(0, at - random(reach));
    // Both are within the array.
    [result[at], result[other]] = [result[other] as T, result[at] as T];
  }
  return result;
}
