import assert from 'node:assert/strict';
import { CONTRACT, type Handler } from '@ihandler/core';
import { canMatch, globProblem, globsOf } from '../suite/globs.ts';
import type { Rule } from '../suite/rule.ts';
import { schemaProblem } from '../suite/schemas.ts';

/** What is wrong with the way in which a handler says what it takes; undefined when nothing is. */
function shapeProblem(handler: Handler): string | undefined {
  // Looked at as a stranger: not every handler was written with types.
  const { on, accepts, write } = handler as { on?: unknown; accepts?: unknown; write?: unknown };
  if (on !== undefined && (accepts !== undefined || write !== undefined))
    return 'both, and the dispatcher would never call "on"';
  if (on === undefined) {
    if (!Array.isArray(accepts) || typeof write !== 'function')
      return 'neither: "accepts" must be a list of globs and "write" a function';
    return accepts.length > 0 ? undefined : '"accepts" that is empty: it would never get anything';
  }
  if (typeof on !== 'object' || on === null) return '"on" that is no object';
  if (Object.keys(on).length === 0) return '"on" that is empty: it would never get anything';
  const wrong = Object.entries(on).find(([, listener]) => typeof listener !== 'function');
  return wrong && `no function as the listener of "${wrong[0]}"`;
}

/** Rules on what a handler says of itself. It is never started. */
export const identityRules: readonly Rule[] = [
  {
    name: `speaks contract ${CONTRACT}`,
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
    name: 'asks for incidents by globs that are valid',
    async check({ inspect }) {
      const globs = await inspect(globsOf);
      const problems = globs.flatMap((glob) => globProblem(glob) ?? []);
      assert.deepEqual(problems, [], problems.join(' '));
    },
  },
  {
    name: 'asks for nothing that cannot come',
    async check({ inspect }) {
      const vain = await inspect((handler) => {
        const own = Object.keys(handler.reports ?? {});
        return globsOf(handler).filter((glob) => globProblem(glob) === undefined && !canMatch(glob, own));
      });
      assert.deepEqual(
        vain,
        [],
        `Expected globs that some origin matches, found ${vain.join(', ')}: a typing error?`,
      );
    },
  },
  {
    name: 'declares what it reports, each origin with a schema that answers at once',
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
