import assert from 'node:assert/strict';
import { describeError } from '@ihandler/core';
import type { Life } from '../suite/life.ts';
import type { Rule } from '../suite/rule.ts';

/** Throws unless the counters of a handler have the form that status and metrics need. */
function assertCounts({ handler }: Life, when: string): void {
  let counters: unknown;
  try {
    counters = handler.counters?.() ?? {};
  } catch (error) {
    assert.fail(`Expected counters() to return ${when}, found ${describeError(error)}`);
  }
  assert.ok(
    typeof counters === 'object' && counters !== null && !('then' in counters),
    `Expected counters() to return an object ${when}, found ${counters instanceof Promise ? 'a promise' : typeof counters}.`,
  );
  for (const [name, count] of Object.entries(counters)) {
    assert.match(name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, `Expected a counter in snake case, found ${name}.`);
    assert.ok(Number.isFinite(count), `Expected ${name} to be a number ${when}, found ${String(count)}.`);
  }
}

/** Rules on what an operator asks of a running handler. */
export const operatorRules: readonly Rule[] = [
  {
    name: 'describes what forget() removed, and continues',
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
            `Expected forget() to return a sentence, found ${JSON.stringify(answer)}.`,
          );
        }
        await life.close();
        for (const error of life.closeErrors)
          assert.fail(`Expected close() to succeed after forget(), found ${describeError(error)}`);
      }),
  },
  {
    name: 'has numeric counters with names in snake case from start() to close()',
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
