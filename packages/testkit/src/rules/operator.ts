import assert from 'node:assert/strict';
import { describeError } from '@ihandler/core';
import type { Life } from '../suite/life.ts';
import type { Rule } from '../suite/rule.ts';

/** Throws unless what a handler counts is as status and metrics show it. */
function assertCounts({ handler }: Life, when: string): void {
  let counters: unknown;
  try {
    counters = handler.counters?.() ?? {};
  } catch (error) {
    assert.fail(`Expected counters() to answer ${when}, found ${describeError(error)}`);
  }
  assert.ok(
    typeof counters === 'object' && counters !== null && !('then' in counters),
    `Expected counters() to answer an object at once ${when}, found ${typeof counters} or a promise.`,
  );
  for (const [name, count] of Object.entries(counters)) {
    assert.match(name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, `Expected a counter in snake case, found ${name}.`);
    assert.ok(Number.isFinite(count), `Expected ${name} to be a number ${when}, found ${String(count)}.`);
  }
}

/** Rules on what an operator asks of a handler while it runs. */
export const operatorRules: readonly Rule[] = [
  {
    name: 'says what it did when it was told to forget, and goes on',
    check: ({ inWorld, inspect, sample }) =>
      inWorld(async (world) => {
        if (!(await inspect((handler) => handler.forget !== undefined))) return;
        const life = await world.live();
        for (const from of [1, 5]) {
          const incidents = await sample(4, from);
          await life.deliver(incidents);
          for (const each of incidents) {
            const fate = life.fateOf(each);
            if (fate.kind === 'failed')
              assert.fail(
                `Expected ${each.origin} to be handled after forget(), found ${describeError(fate.error)}`,
              );
          }
          const answer: unknown = await life.forget();
          assert.ok(
            typeof answer === 'string' && answer !== '',
            `Expected forget() to say what it did, found ${JSON.stringify(answer)}.`,
          );
        }
        await life.close();
        for (const error of life.closeErrors)
          assert.fail(`Expected close() to end well after forget(), found ${describeError(error)}`);
      }),
  },
  {
    name: 'counts in numbers, under names in snake case, at any time while it is started',
    check: ({ inWorld, sample }) =>
      inWorld(async (world) => {
        const life = await world.live();
        assertCounts(life, 'before the first incident');
        await life.deliver(await sample(4));
        assertCounts(life, 'after some incidents');
        await life.close();
      }),
  },
];
