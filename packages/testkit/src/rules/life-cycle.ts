import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describeError, type Incident } from '@ihandler/core';
import { inTime } from '../suite/in-time.ts';
import type { Life } from '../suite/life.ts';
import { openFiles } from '../suite/open-files.ts';
import type { Rule } from '../suite/rule.ts';
import { watchHandles } from '../suite/watch-handles.ts';

/** Throws unless every incident was handled. */
function assertHandled(life: Life, incidents: readonly Incident[], when: string): void {
  for (const incident of incidents) {
    const fate = life.fateOf(incident);
    if (fate.kind === 'failed')
      assert.fail(`Expected ${incident.origin} to be handled ${when}, found ${describeError(fate.error)}`);
  }
}

/** Throws unless `close` has succeeded. */
function assertClosed({ closeErrors }: Life): void {
  for (const error of closeErrors) assert.fail(`Expected close() to succeed, found ${describeError(error)}`);
}

/** What remains open after a short wait: handles close with a delay. */
async function remaining(list: () => readonly string[]): Promise<readonly string[]> {
  for (let tries = 0; tries < 100 && list().length > 0; tries += 1) await delay(10);
  return list();
}

/** Rules on the life of a handler, from its factory to `close`. */
export const lifeCycleRules: readonly Rule[] = [
  {
    name: 'is a new object on each call of its factory',
    check: ({ factory, inWorld }) =>
      inWorld(async ({ folder }) => {
        const [one, other] = [await factory(folder), await factory(folder)];
        assert.ok(
          one !== other,
          'Expected a new handler from each call, found the same object: instances would share their state.',
        );
      }),
  },
  {
    name: 'does no work before start()',
    check: ({ factory, inWorld }) =>
      inWorld(async ({ folder }) => {
        const watch = watchHandles();
        try {
          await watch.run(() => factory(folder));
          await new Promise((resolve) => setImmediate(resolve));
          const open = watch.open();
          assert.deepEqual(open, [], `Expected nothing to be open before start(), found ${open.join(', ')}.`);
        } finally {
          watch.stop();
        }
        const files = readdirSync(folder);
        assert.deepEqual(files, [], `Expected no files before start(), found ${files.join(', ')}.`);
      }),
  },
  {
    name: 'starts and closes without incidents',
    check: ({ inWorld }) =>
      inWorld(async (world) => {
        const life = await world.live();
        await life.close();
        assertClosed(life);
      }),
  },
  {
    name: 'can be closed twice',
    check: ({ inWorld, sample, patience }) =>
      inWorld(async (world) => {
        const life = await world.live();
        await life.deliver(await sample(2));
        await life.close();
        try {
          await inTime(Promise.resolve(life.handler.close?.()), 'the second close()', patience);
        } catch (error) {
          assert.fail(`Expected the second close() to succeed, found ${describeError(error)}`);
        }
      }),
  },
  {
    name: 'works again when it is started after close()',
    check: ({ inWorld, sample }) =>
      inWorld(async (world) => {
        const first = await world.live();
        await first.deliver(await sample(2));
        await first.close();
        const second = await world.live({}, first.handler);
        const later = await sample(2, 3);
        await second.deliver(later);
        assertHandled(second, later, 'after a restart of the same object');
        await second.close();
      }),
  },
  {
    name: 'continues after reopen()',
    check: ({ inWorld, sample }) =>
      inWorld(async (world) => {
        const life = await world.live();
        await life.deliver(await sample(2));
        await life.reopen();
        const later = await sample(2, 3);
        await life.deliver(later);
        assertHandled(life, later, 'after reopen()');
      }),
  },
  {
    name: 'leaves nothing open after close()',
    check: ({ factory, inWorld, sample }) =>
      inWorld(async (world) => {
        const incidents = await sample(4);
        const handler = await factory(world.folder); // another rule checks what this opens
        const watch = watchHandles();
        try {
          await watch.run(async () => {
            const life = await world.live({}, handler);
            await life.deliver(incidents);
            await life.close();
            assertClosed(life);
          });
          const left = await remaining(() => [...watch.open(), ...openFiles(world.folder)]);
          assert.deepEqual(left, [], `Expected nothing to be open after close(), found ${left.join(', ')}.`);
        } finally {
          watch.stop();
        }
      }),
  },
];
