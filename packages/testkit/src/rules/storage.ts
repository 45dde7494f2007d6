import assert from 'node:assert/strict';
import type { Incident } from '@ihandler/core';
import { createCrashAt } from '../disk.ts';
import { poison } from '../incident.ts';
import type { Rule } from '../suite/rule.ts';
import { type StoredProbe, type Subject, sampleOfAll } from '../suite/subject.ts';

/** What a handler has stored after incidents in batches of a size and close(), without faults. */
async function storedWithoutFaults(
  { inWorld }: Subject,
  stored: StoredProbe,
  incidents: readonly Incident[],
  batch: number,
): Promise<unknown> {
  let found: unknown;
  await inWorld(async (world) => {
    const life = await world.live({ batch });
    await life.deliver(incidents);
    await life.close();
    found = await stored(world.folder);
  });
  return found;
}

/** The rules that compare what a handler has stored. */
export function storageRules(stored: StoredProbe): readonly Rule[] {
  return [
    {
      name: 'has stored an incident when it acknowledges it, not only after close()',
      async check(subject) {
        const incidents = await sampleOfAll(subject);
        const expected = await storedWithoutFaults(subject, stored, incidents, 2);
        await subject.inWorld(async (world) => {
          const life = await world.live({ batch: 2 });
          await life.deliver(incidents);
          await world.kill(life);
          assert.deepEqual(await stored(world.folder), expected);
        });
      },
    },
    {
      name: 'stores the same data whatever the size of the batches',
      async check(subject) {
        const incidents = await sampleOfAll(subject);
        const whole = await storedWithoutFaults(subject, stored, incidents, 1000);
        assert.deepEqual(whole, await storedWithoutFaults(subject, stored, incidents, 1));
        assert.deepEqual(whole, await storedWithoutFaults(subject, stored, incidents, 3));
      },
    },
    {
      name: 'stores each incident exactly once despite failures and crashes, if it has a checkpoint',
      async check(subject) {
        if (!(await subject.keepsCheckpoint())) return;
        const [origin] = await subject.usable();
        const bad = poison(origin, { id: 'conformance:3' });
        const [before, after, last] = [
          await subject.sample(2),
          await subject.sample(1, 4),
          await subject.sample(1, 5),
        ];
        const expected = await storedWithoutFaults(subject, stored, [...before, bad, ...after, ...last], 1);
        await subject.inWorld(async (world) => {
          // The first batch fails at its third incident, so that the other two are written one by one. The process dies after
          // the second batch, of one incident, is written and before it is acknowledged.
          const first = await world.live({ batch: 3, crash: createCrashAt('delivered', 3) });
          await first.deliver([...before, bad, ...after]);
          await world.kill(first);
          const lost = { reply: false };
          const second = await world.live({
            at(point) {
              if (point !== 'delivered' || lost.reply) return;
              lost.reply = true;
              throw new Error('the reply was lost');
            },
          });
          await second.deliver(last);
          await second.close();
          assert.deepEqual(await stored(world.folder), expected);
        });
      },
    },
  ];
}
