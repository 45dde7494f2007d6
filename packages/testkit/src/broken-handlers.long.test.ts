import { afterEach, describe, expect, it } from 'vitest';
import { describeHandler } from './index.ts';
import { cleanUp } from './testing/broken/broken.ts';
import { brokenIdentities } from './testing/broken/identity.ts';
import { brokenLives } from './testing/broken/life-cycle.ts';
import { brokenForOperators } from './testing/broken/operator.ts';
import { brokenReports } from './testing/broken/reports.ts';
import { brokenResilience } from './testing/broken/resilience.ts';
import { brokenStorage } from './testing/broken/storage.ts';
import { conform } from './testing/collect.ts';
import { listening, storedIn } from './testing/sound.ts';

const stored = (folder: string) => storedIn(folder).rows;
const brokenOnes = [
  ...brokenIdentities,
  ...brokenLives,
  ...brokenForOperators,
  ...brokenResilience,
  ...brokenStorage,
  ...brokenReports,
];

afterEach(cleanUp);

describe.each(brokenOnes)(
  'a handler that breaks the rule "$rule"',
  ({ rule, how, factory, isStored, patience }) => {
    it(`because it ${how} fails that rule and no other`, async () => {
      const outcomes = await conform(factory, { ...(isStored && { stored }), ...(patience && { patience }) });
      const failed = outcomes.filter(({ failure }) => failure !== undefined);
      expect(failed.map(({ name, failure }) => [name, failure?.message])).toEqual([
        [rule, expect.any(String)],
      ]);
      expect(failed[0]?.failure?.name).toBe('AssertionError');
    });
  },
);

it('there is a broken handler for each rule', () => {
  const rules: string[] = [];
  describeHandler((name) => rules.push(name), listening, { stored });
  expect(new Set(brokenOnes.map(({ rule }) => rule))).toEqual(new Set(rules));
  expect(new Set(rules).size).toBe(rules.length);
});
