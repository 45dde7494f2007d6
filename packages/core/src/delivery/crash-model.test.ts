import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CrashingWorld, type Faults } from '../testing/crashing-world.ts';

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

/** The id of an incident, also where it came as a dead letter that was tried again. */
function original(id: string): string {
  return id.replace(/~\d+/, '');
}

function check(world: CrashingWorld): void {
  const ids = world.disk.log.map(({ id }) => id);
  const letters = world.disk.deadLetters.filter(({ instance }) => instance === 'keeper');
  const dead = new Set(
    world.disk.deadLetters.filter(({ instance }) => instance === 'keeper').map(({ incident }) => incident.id),
  );
  const wanted = (origin: string) => world.incidents.filter((incident) => incident.origin === origin);

  // Accepted: each incident of the source once, in order; nothing invented.
  expect(ids.filter((id) => !id.includes('/'))).toEqual(world.incidents.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);

  // Kept: each row exactly once, in order, except the dead letters; those that were tried again whenever that was.
  const kept = world.incidents.filter(({ origin }) => origin !== 'test.other').map(({ id }) => id);
  const [late, inTime] = [
    world.rows.filter((id) => id.includes('~')),
    world.rows.filter((id) => !id.includes('~')),
  ];
  const rows = world.rows.map(original);
  const missing = kept.filter((id) => !rows.includes(id) && !dead.has(id));
  expect(new Set(rows).size).toBe(rows.length);
  expect(inTime).toEqual(kept.filter((id) => inTime.includes(id)));
  // A letter that was stored is still one when the process died, or had to wait, before that was acknowledged.
  const unsettled = new Set(late.map(original).filter((id) => dead.has(id)));
  expect(inTime.some((id) => dead.has(id))).toBe(false);
  expect(dead.size).toBe(letters.length);
  const counts = world.disk.cursors.get('keeper')?.counts;
  // A replay gives what is not stored: also what was dropped, where nothing behind it has been stored meanwhile.
  const again = inTime.filter((id) => world.unwanted.has(id));
  expect(missing.length + again.length).toBe(counts?.dropped ?? 0);
  expect(world.isOperated ? [] : late).toEqual([]);
  if (!world.isOperated) expect(wanted('test.poison').every(({ id }) => dead.has(id))).toBe(true);

  // Reported: one derived incident for each row of its kind, none for a dead letter, none twice.
  const derived = ids
    .filter((id) => /^s(~\d+)?\/keeper\/0:/.test(id))
    .map((id) => original(id.replace('/keeper/0', '')));
  const plain = new Set(wanted('test.plain').map(({ id }) => id));
  expect([...derived].sort()).toEqual(rows.filter((id) => !plain.has(id) && !unsettled.has(id)).sort());

  // At least once elsewhere, in order.
  expect(inOrderOnce(world.sent)).toEqual(ids);
  expect(inOrderOnce(world.heard)).toEqual(
    world.disk.log
      .filter(({ origin }) => origin === 'test.derived' || origin === 'test.want')
      .map(({ id }) => id),
  );

  // A state is stored with its delivery, or neither is.
  for (const instance of ['counter', 'tally'])
    expect(world.disk.states.get(`@${instance}`), instance).toBe(world.disk.log.length);

  // The counts balance for everybody.
  for (const [instance, cursor] of world.disk.cursors) {
    const { delivered, filtered, dead: buried, dropped, lost } = cursor.counts;
    expect(delivered + filtered + buried + dropped + lost, instance).toBe(cursor.position - cursor.first);
    if (!instance.includes('@')) expect(cursor.position).toBe(world.disk.log.length);
    expect(world.disk.deadLetters.filter((letter) => letter.instance === instance)).toHaveLength(buried);
  }
}

describe('delivery with a crash at any step', () => {
  it('loses nothing, stores nothing twice and reports nothing twice', async () => {
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

  it('does the same while dead letters are retried and dropped, and incidents are replayed', async () => {
    const done = { retried: 0, dropped: 0, replayed: 0 };
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const faults = { crash: 0.01, lostReply: 0.05, busy: 0.02, poison: 0.15, operator: 0.7 };
        const world = await history(seed, faults);
        for (const what of ['retried', 'dropped', 'replayed'] as const) done[what] += world.done[what];
        check(world);
      }),
      // The example: the reply to the write of a replay is lost, and its reports must still be appended.
      { numRuns: 150, examples: [[1820252963]] },
    );
    expect(Math.min(done.retried, done.dropped, done.replayed)).toBeGreaterThan(15);
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
