import { describe, expect, it } from 'vitest';
import { type Group, markedFiles, phrasesIn, rateOf } from '../support/marker-phrases.ts';

/** Marker phrases per 1,000 lines that are allowed. Lower them when the count goes down; never raise them. */
const budgets: Readonly<Record<Group, number>> = { sources: 0.5, tests: 1.5 };

describe('the count of marker phrases', () => {
  it('finds phrases in code and prose, also across a line break of a comment', () => {
    expect(phrasesIn('a // Nobody is\n  // told.\n * It goes\n * on.\n')).toEqual([
      '1: Nobody',
      '1: is told',
      '3: goes on',
    ]);
    expect(phrasesIn('The source reconnects. It is not an incident.')).toEqual([]);
  });

  const files = markedFiles();
  it.each(['sources', 'tests'] as const)('is within the budget for %s', (group) => {
    const ofGroup = files.filter((file) => file.group === group);
    const owners = [...new Set(ofGroup.map(({ owner }) => owner))]
      .map((owner) => ({ owner, rate: rateOf(ofGroup.filter((file) => file.owner === owner)) }))
      .filter(({ rate }) => rate > 0)
      .sort((a, b) => b.rate - a.rate)
      .map(({ owner, rate }) => `${owner} ${rate.toFixed(1)}`);
    console.log(
      `marker phrases per 1,000 lines of ${group}: ${rateOf(ofGroup).toFixed(2)} (budget ${budgets[group]}); ${owners.join(', ')}`,
    );
    const found = ofGroup.flatMap(({ file, phrases }) => phrases.map((phrase) => `${file}:${phrase}`));
    expect(rateOf(ofGroup), `plain words are in CONTRIBUTING.md:\n${found.join('\n')}`).toBeLessThanOrEqual(
      budgets[group],
    );
  });
});
