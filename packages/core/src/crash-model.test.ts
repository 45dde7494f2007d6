import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CrashingWorld, type Faults } from './__fixtures__/crashing-world.ts';

const folder = mkdtempSync(join(tmpdir(), 'ihandler-crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function history(seed: number, faults: Faults): Promise<CrashingWorld> {
  const world = new CrashingWorld(seed, 40, faults);
  while (!(await world.live(folder))) {
    // The process died; the next one begins with what is on the disk.
  }
  return world;
}

function inOrderOnce(ids: readonly string[]): readonly string[] {
  return [...new Set(ids)];
}

function check(world: CrashingWorld): void {
  const ids = world.disk.log.map(({ id }) => id);
  const dead = new Set(
    world.disk.dead.filter(({ instance }) => instance === 'keeper').map(({ incident }) => incident.id),
  );
  const wanted = (origin: string) => world.incidents.filter((incident) => incident.origin === origin);

  // Accepted: each incident of the source once, in order; nothing invented.
  expect(ids.filter((id) => !id.includes('/'))).toEqual(world.incidents.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);

  // Kept: each row exactly once, in order, except the dead letters.
  const kept = world.incidents.filter(({ origin }) => origin !== 'test.other').map(({ id }) => id);
  expect(world.rows).toEqual(kept.filter((id) => !dead.has(id)));
  expect(new Set(dead).size).toBe(world.disk.dead.length);
  expect(wanted('test.poison').every(({ id }) => dead.has(id))).toBe(true);

  // Reported: one derived incident for each row of its kind, none for a dead letter, none twice.
  const derived = ids.filter((id) => id.startsWith('s/keeper/0:')).map((id) => id.replace('/keeper/0', ''));
  expect([...derived].sort()).toEqual(
    wanted('test.want')
      .map(({ id }) => id)
      .filter((id) => !dead.has(id))
      .sort(),
  );

  // At least once elsewhere, in order.
  expect(inOrderOnce(world.sent)).toEqual(ids);
  expect(inOrderOnce(world.heard)).toEqual(
    world.disk.log
      .filter(({ origin }) => origin === 'test.derived' || origin === 'test.want')
      .map(({ id }) => id),
  );

  // The books balance for everybody.
  for (const cursor of world.disk.cursors.values()) {
    const { delivered, filtered, dead: buried, dropped, lost } = cursor.books;
    expect(delivered + filtered + buried + dropped + lost).toBe(cursor.position - cursor.first);
    expect(cursor.position).toBe(world.disk.log.length);
  }
  expect(world.disk.cursors.get('keeper')?.books.dead).toBe(dead.size);
}

describe('delivery when every step may be the last', () => {
  it('loses nothing, keeps nothing twice and reports nothing twice, whatever crashes', async () => {
    let lives = 0;
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const world = await history(seed, { crash: 0.02, lostReply: 0, busy: 0.02, poison: 0.06 });
        lives += world.lives;
        check(world);
      }),
      { numRuns: 300 },
    );
    expect(lives).toBeGreaterThan(600);
  }, 120_000);

  it('stays exact when a write commits and then answers with an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        check(await history(seed, { crash: 0.01, lostReply: 0.1, busy: 0.02, poison: 0.06 }));
      }),
      { numRuns: 300 },
    );
  }, 120_000);
});
