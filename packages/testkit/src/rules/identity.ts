import assert from 'node:assert/strict';
import { CONTRACT, type Handler } from '@ihandler/core';
import { canMatch, globProblem, globsOf } from '../suite/globs.ts';
import type { Rule } from '../suite/rule.ts';
import { schemaProblem } from '../suite/schemas.ts';

/** The problem with how a handler declares its input; undefined when there is none. */
function shapeProblem(handler: Handler): string | undefined {
  // Every member may be anything: the handler may be written in JavaScript.
  const { on, accepts, write } = handler as { on?: unknown; accepts?: unknown; write?: unknown };
  if (on !== undefined && (accepts !== undefined || write !== undefined))
    return 'both: the dispatcher would never call "on"';
  if (on === undefined) {
    if (!Array.isArray(accepts) || typeof write !== 'function')
      return 'neither: "accepts" must be a list of globs and "write" a function';
    return accepts.length > 0 ? undefined : 'an empty "accepts": the handler would never get an incident';
  }
  if (typeof on !== 'object' || on === null) return 'an "on" that is not an object';
  if (Object.keys(on).length === 0) return 'an empty "on": the handler would never get an incident';
  const wrong = Object.entries(on).find(([, listener]) => typeof listener !== 'function');
  return wrong && `a listener of "${wrong[0]}" that is not a function`;
}

/** Rules on what a handler declares. They never start it. */
export const identityRules: readonly Rule[] = [
  {
    name: `implements contract ${CONTRACT}`,
    async check({ inspect }) {
      const contract: unknown = await inspect((handler) => handler.contract);
      assert.equal(
        contract,
        CONTRACT,
        `Expected contract ${CONTRACT}, found ${String(contract)}: use defineHandler().`,
      );
    },
  },
  {
    name: 'has a name in kebab case',
    async check({ inspect }) {
      const name: unknown = await inspect((handler) => handler.name);
      assert.match(
        typeof name === 'string' ? name : '',
        /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
        `Expected a name in kebab case such as "log-sqlite", found ${JSON.stringify(name)}.`,
      );
    },
  },
  {
    name: 'either listens ("on") or writes ("accepts" and "write")',
    async check({ inspect }) {
      const problem = await inspect(shapeProblem);
      assert.equal(problem, undefined, `Expected "on", or "accepts" and "write", found ${problem}.`);
    },
  },
  {
    name: 'uses valid globs',
    async check({ inspect }) {
      const globs = await inspect(globsOf);
      const problems = globs.flatMap((glob) => globProblem(glob) ?? []);
      assert.deepEqual(problems, [], problems.join(' '));
    },
  },
  {
    name: 'uses only globs that some origin can match',
    async check({ inspect }) {
      const unmatched = await inspect((handler) => {
        const own = Object.keys(handler.reports ?? {});
        return globsOf(handler).filter((glob) => globProblem(glob) === undefined && !canMatch(glob, own));
      });
      assert.deepEqual(
        unmatched,
        [],
        `Expected globs that some origin can match, found ${unmatched.join(', ')}: check the spelling.`,
      );
    },
  },
  {
    name: 'declares a synchronous schema for each origin that it reports',
    async check({ inspect }) {
      const problems = await inspect(({ reports = {} }) =>
        Object.entries(reports).flatMap(([origin, schema]) => {
          const problem = schemaProblem(origin, schema);
          return problem === undefined ? [] : [`${origin}: ${problem}`];
        }),
      );
      assert.deepEqual(problems, [], problems.join('; '));
    },
  },
];
