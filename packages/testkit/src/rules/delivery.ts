import assert from 'node:assert/strict';
import { advance, type Checkpoint, type Incident, isWriting } from '@ihandler/core';
import { createCrashAt } from '../disk.ts';
import { poison } from '../incident.ts';
import type { Life, Point } from '../suite/life.ts';
import type { Call } from '../suite/observe.ts';
import type { Rule } from '../suite/rule.ts';
import { ordinary, type Subject } from '../suite/subject.ts';

/** The checkpoint of a handler; undefined when it has none. */
async function checkpointOf({ handler }: Life): Promise<Checkpoint | undefined> {
  return isWriting(handler) ? handler.checkpoint?.() : undefined;
}

/** Streams in order, so that two checkpoints can be compared whatever their prototypes are. */
function entries(checkpoint: Checkpoint): readonly (readonly [string, number])[] {
  return Object.entries(checkpoint).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The checkpoint that a handler must have after these calls of `write`. */
function taken(calls: readonly Call[]): Checkpoint {
  const checkpoint: Record<string, number> = Object.create(null);
  const ids = calls.filter(({ state }) => state === 'done').flatMap((call) => call.ids);
  for (const id of ids) advance(checkpoint, { id });
  return checkpoint;
}

async function assertCheckpoint(life: Life, expected: Checkpoint, when: string): Promise<void> {
  const found = await checkpointOf(life);
  if (found === undefined) return;
  const [left, right] = [entries(found), entries(expected)];
  const show = (list: typeof left) => JSON.stringify(Object.fromEntries(list));
  assert.deepEqual(left, right, `Expected the checkpoint ${show(right)} ${when}, found ${show(left)}.`);
}

/** Throws when an incident was delivered again that a write had stored: the handler's checkpoint did not cover it. */
function assertNothingAgain(life: Life, before: readonly Call[], end: string): void {
  const done = new Set(before.filter(({ state }) => state === 'done').flatMap(({ ids }) => ids));
  // An empty checkpoint marks a batch that is delivered again only to repeat its reports.
  const again = life.calls
    .filter(({ checkpoint }) => checkpoint !== undefined && Object.keys(checkpoint).length > 0)
    .flatMap(({ ids }) => ids.filter((id) => done.has(id)));
  assert.deepEqual(
    again,
    [],
    `Expected no incident again that was written before ${end}, found some that the checkpoint did not cover.`,
  );
}

/** One process dies at a point; the next one resumes. */
async function crashAt(point: Point, nth: number, { inWorld, sample }: Subject): Promise<void> {
  const incidents = await sample(6);
  await inWorld(async (world) => {
    const first = await world.live({ batch: 2, crash: createCrashAt(point, nth) });
    await first.deliver(incidents);
    await world.kill(first);
    const second = await world.live({ batch: 2 });
    const keepsCheckpoint = (await checkpointOf(second)) !== undefined;
    await second.deliver(incidents); // a source repeats unconfirmed incidents
    if (keepsCheckpoint) assertNothingAgain(second, first.calls, `a crash at "${point}"`);
    const calls = [...first.calls, ...second.calls].filter(({ state }) => state !== 'running');
    const handled = new Set(calls.flatMap(({ ids }) => ids));
    const lost = incidents.filter(({ id }) => !handled.has(id)).map(({ id }) => id);
    assert.deepEqual(
      lost,
      [],
      `Expected every incident to be delivered after a crash at "${point}", found some missing.`,
    );
    await assertCheckpoint(second, taken(calls), 'when everything was written');
    await second.close();
  });
}

/** Each point and the visit at which the process dies there: in its second batch, where there are two. */
const crashPoints: readonly (readonly [Point, nth: number])[] = [
  ['append', 1],
  ['appended', 1],
  ['deliver', 2],
  ['delivered', 2],
  ['commit', 2],
  ['committed', 2],
];

/** The rules for handlers with a checkpoint. */
const checkpointRules: readonly Rule[] = [
  {
    name: 'has a checkpoint that covers exactly the stored incidents of each stream',
    check: ({ inWorld, sample }) =>
      inWorld(async (world) => {
        const life = await world.live({ batch: 3 });
        await assertCheckpoint(life, {}, 'before the first incident');
        const [one, other, later] = [await sample(4), await sample(4, 1, 'other'), await sample(2, 5)];
        await life.deliver(one.flatMap((incident, index) => [incident, ...other.slice(index, index + 1)]));
        await assertCheckpoint(life, taken(life.calls), 'after two streams');
        await life.deliver(later);
        await assertCheckpoint(life, taken(life.calls), 'after more incidents of one stream');
        await life.close();
      }),
  },
  {
    name: 'has a checkpoint for streams of any name',
    async check({ inWorld, usable }) {
      const [origin] = await usable();
      for (const stream of ['__proto__', 'constructor', 'a:b/c/0', "o'stream \u{1f41d}"])
        await inWorld(async (world) => {
          const life = await world.live();
          if (origin !== undefined) await life.deliver([ordinary(origin, 7, stream)]);
          await assertCheckpoint(life, taken(life.calls), 'of a stream with an unusual name');
          await life.close();
        });
    },
  },
  {
    name: 'does not change its checkpoint when a write fails',
    check: async ({ inWorld, sample, usable }) => {
      const [origin] = await usable();
      const incidents: readonly Incident[] = [...(await sample(2)), poison(origin, { id: 'conformance:3' })];
      await inWorld(async (world) => {
        let before: Checkpoint | undefined;
        const life: Life = await world.live({
          batch: 3,
          async at(point) {
            if (point === 'deliver') before = { ...(await checkpointOf(life)) };
            if (point === 'failed' && before !== undefined)
              await assertCheckpoint(life, before, 'after a failed write').catch((error) =>
                problems.push(error),
              );
          },
        });
        const problems: unknown[] = [];
        await life.deliver(incidents);
        if (problems.length > 0) throw problems[0];
        await life.close();
      });
    },
  },
  {
    name: 'keeps its checkpoint across a restart',
    check: ({ inWorld, sample }) =>
      inWorld(async (world) => {
        const first = await world.live();
        await first.deliver(await sample(3));
        await first.close();
        const second = await world.live();
        await second.deliver([]); // the dispatcher redelivers what the handler seems to have lost
        assertNothingAgain(second, first.calls, 'a restart');
        await assertCheckpoint(second, taken(first.calls), 'after a restart');
        await second.close();
      }),
  },
];

/** Rules on checkpoints, which pass for a handler without one, and on crashes. */
export const deliveryRules: readonly Rule[] = [
  ...checkpointRules.map(({ name, check }) => ({
    name,
    async check(subject: Subject) {
      if (await subject.keepsCheckpoint()) await check(subject);
    },
  })),
  {
    name: 'resumes after a crash at any point',
    async check(subject) {
      for (const [point, nth] of crashPoints) await crashAt(point, nth, subject);
    },
  },
];
