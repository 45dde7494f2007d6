import assert from 'node:assert/strict';
import type { Incident } from '@ihandler/core';
import { createCrashAt } from '../disk.ts';
import { poison } from '../incident.ts';
import type { Rule } from '../suite/rule.ts';
import { type StoredProbe, type Subject, sampleOfAll } from '../suite/subject.ts';

/** What is stored when incidents came, so many at once, and the handler was closed. */
async function storedCalmly(
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

/** The rules for those who tell how to look into what they store. */
export function storageRules(stored: StoredProbe): readonly Rule[] {
  return [
    {
      name: 'has stored what it took when it says so, and not only when it is closed',
      async check(subject) {
        const incidents = await sampleOfAll(subject);
        const expected = await storedCalmly(subject, stored, incidents, 2);
        await subject.inWorld(async (world) => {
          const life = await world.live({ batch: 2 });
          await life.deliver(incidents);
          await world.kill(life);
          assert.deepEqual(await stored(world.folder), expected);
        });
      },
    },
    {
      name: 'stores the same however the incidents are cut into batches',
      async check(subject) {
        const incidents = await sampleOfAll(subject);
        const whole = await storedCalmly(subject, stored, incidents, 1000);
        assert.deepEqual(whole, await storedCalmly(subject, stored, incidents, 1));
        assert.deepEqual(whole, await storedCalmly(subject, stored, incidents, 3));
      },
    },
    {
      name: 'stores nothing twice and loses nothing, whatever fails and crashes, if it has a checkpoint',
      async check(subject) {
        if (!(await subject.keepsCheckpoint())) return;
        const [origin] = await subject.usable();
        const bad = poison(origin, { id: 'conformance:3' });
        const [before, after, last] = [
          await subject.sample(2),
          await subject.sample(1, 4),
          await subject.sample(1, 5),
        ];
        const expected = await storedCalmly(subject, stored, [...before, bad, ...after, ...last], 1);
        await subject.inWorld(async (world) => {
          // The first batch fails at its third incident, and its other two are taken singly; the process dies when the
          // second batch, of one, was written and not acknowledged.
          const first = await world.live({ batch: 3, crash: createCrashAt('delivered', 3) });
          await first.deliver([...before, bad, ...after]);
          await world.kill(first);
          const isLost = { reply: false };
          const second = await world.live({
            at(point) {
              if (point !== 'delivered' || isLost.reply) return;
              isLost.reply = true;
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
