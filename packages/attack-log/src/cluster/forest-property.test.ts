import type { Incident } from '@ihandler/core';
import { createOrigins } from '@ihandler/core/origins';
import { expect, it } from 'vitest';
import { connectionKey } from '../index.ts';
import { accept, free, link } from '../testing/incidents.ts';
import { MemoryStore } from '../testing/memory-store.ts';
import { acmeOrigins, fromAcme } from '../testing/outside-sensor.ts';
import {
  type PlannedConnection,
  type Random,
  randomForest,
  seededRandom,
  shuffled,
} from '../testing/random-forest.ts';

/** Writes in random batches. Some writes fail and are repeated, and sometimes the process restarts. */
function writeAll(
  incidents: readonly Incident[],
  limit: number,
  random: Random,
  origins = createOrigins([]),
): MemoryStore {
  let store = new MemoryStore(limit, origins);
  const most = 1 + random(incidents.length);
  for (let at = 0; at < incidents.length; ) {
    const batch = incidents.slice(at, at + 1 + random(most));
    while (random(5) === 0) store.write(batch, true);
    if (random(8) === 0) store = store.restarted();
    store.write(batch);
    at += batch.length;
  }
  return store;
}

/** Parents, roots and offers that differ from the plan, not counting the links and offers that were dropped. */
function mistakes(
  connections: readonly PlannedConnection[],
  incidents: readonly Incident[],
  store: MemoryStore,
) {
  const lost = new Set(store.evicted.map(({ incident }) => incident.id));
  const linked = new Set<string>();
  const offered = new Set<unknown>();
  for (const { id, origin, sensor, data } of incidents) {
    if (lost.has(id)) continue;
    if (origin.includes('.link')) linked.add(`${sensor} ${(data['child'] as { id: string }).id}`);
    else offered.add(data['url']);
  }
  const planned = new Map(connections.map((planned) => [`${planned.sensor} ${planned.id}`, planned]));
  const rowOf = (sensor: string, id: string) => store.rowOf(connectionKey(sensor, id));
  return connections.filter(({ sensor, id, parent, offers }) => {
    const row = rowOf(sensor, id) ?? -1;
    const hangs = parent !== null && linked.has(`${sensor} ${id}`);
    let top = id;
    for (;;) {
      const above = planned.get(`${sensor} ${top}`)?.parent;
      if (above === null || above === undefined || !linked.has(`${sensor} ${top}`)) break;
      top = above;
    }
    const place = store.place(row);
    const stored = store.rows.offers.filter((offer) => offer[1] === row).map((offer) => offer[2]);
    return (
      place.parent !== (hangs ? rowOf(sensor, parent) : null) ||
      place.root !== rowOf(sensor, top) ||
      stored.sort().join() !== offers.filter((url) => offered.has(url)).join()
    );
  });
}

/** Links that never resolve, each to a connection that was announced and freed. */
function noise(count: number): Incident[] {
  return Array.from({ length: count }, (_, n) => [
    accept(`noise${n}`),
    link(`gone${n}`, `noise${n}`),
    free(`noise${n}`),
  ]).flat();
}

it('10,000 random forests get the same parents, roots and rows in any order, with any batches, failures and restarts', () => {
  const wrong: number[] = [];
  let evictions = 0;
  for (let seed = 1; seed <= 10_000; seed += 1) {
    const random = seededRandom(seed);
    const { connections, incidents } = randomForest(random);
    const arriving = shuffled(incidents, random);
    // Half of the stores have space for everything; the others must drop only what the limit says.
    const limit = random(2) === 0 ? 10_000 : random(10);
    const store = writeAll(arriving, limit, random);
    evictions += store.evicted.length;
    if (mistakes(connections, arriving, store).length > 0) wrong.push(seed);
    if (store.evicted.length > 0 && limit === 10_000) wrong.push(seed);
    if (store.skipped.cycle + store.skipped.conflict + store.skipped.incomplete > 0) wrong.push(seed);
  }
  expect(wrong).toEqual([]);
  // Otherwise the stores with little space would prove nothing.
  expect(evictions).toBeGreaterThan(1000);
}, 60_000);

it('2,000 random forests of a sensor whose package declares its roles are the same in any order, too', () => {
  const wrong: number[] = [];
  let evictions = 0;
  for (let seed = 1; seed <= 2000; seed += 1) {
    const random = seededRandom(seed);
    const { connections, incidents } = randomForest(random);
    const arriving = shuffled(incidents, random);
    const limit = random(2) === 0 ? 10_000 : random(10);
    const store = writeAll(arriving.map(fromAcme), limit, random, acmeOrigins);
    evictions += store.evicted.length;
    if (mistakes(connections, arriving, store).length > 0) wrong.push(seed);
    if (store.evicted.length > 0 && limit === 10_000) wrong.push(seed);
    if (Object.values(store.skipped).some((count) => count > 0)) wrong.push(seed);
    const ends = arriving.filter(({ origin }) => origin.endsWith('.free')).length;
    if (store.evicted.length === 0 && store.rows.ihandler_closes.length !== ends) wrong.push(seed);
  }
  expect(wrong).toEqual([]);
  expect(evictions).toBeGreaterThan(200);
}, 60_000);

it('a store drops nothing as long as no more incidents wait than the limit, however many links never resolve', () => {
  let evictions = 0;
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seededRandom(seed);
    const { connections, incidents } = randomForest(random);
    const kept = incidents.filter(({ origin }) => origin !== 'dionaea.connection.free');
    const arriving = shuffled(kept, random);
    const useless = noise(200);
    const mixed = arriving.flatMap((incident, at) => [
      incident,
      ...useless.slice(
        Math.floor((at * useless.length) / arriving.length),
        Math.floor(((at + 1) * useless.length) / arriving.length),
      ),
    ]);
    const store = writeAll(mixed, arriving.length + 3, random);
    const lost = store.evicted.filter(({ freed }) => !freed);
    expect({ seed, lost, mistakes: mistakes(connections, arriving, store) }).toEqual({
      seed,
      lost: [],
      mistakes: [],
    });
    evictions += store.evicted.length;
  }
  expect(evictions).toBeGreaterThan(1000);
});
