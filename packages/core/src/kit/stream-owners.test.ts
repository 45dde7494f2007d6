import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStreamOwners } from './stream-owners.ts';

describe('stream owners', () => {
  it('are the publishers of the first incident, also after a restart', () => {
    const owners = createStreamOwners();
    expect(owners.claim('s', 'pot')).toBe(true);
    expect(owners.claim('s', 'eve')).toBe(false);
    expect(owners.claim('t', 'eve')).toBe(true);
    const again = createStreamOwners(JSON.parse(JSON.stringify(owners.snapshot())));
    expect(again.claim('s', 'eve')).toBe(false);
    expect(again.claim('s', 'pot')).toBe(true);
    expect(again.claim('t', 'pot')).toBe(false);
  });

  it.each(['s/virustotal/0', 's~17', 's~17/store/1'])(
    'own the streams derived from theirs: %s',
    (derived) => {
      const owners = createStreamOwners();
      owners.claim('s', 'pot');
      expect(owners.claim(derived, 'eve')).toBe(false);
      expect(owners.claim(derived, 'pot')).toBe(true);
      const other = createStreamOwners();
      other.claim(derived, 'pot');
      expect(other.claim('s', 'eve')).toBe(false);
    },
  );

  it('keep the streams that they use, whatever other publishers do', () => {
    const owners = createStreamOwners();
    for (let at = 0; at < 12_000; at += 1) {
      if (at % 50 === 0) expect(owners.claim('busy', 'pot')).toBe(true);
      expect(owners.claim(`own ${at}`, `eve ${at % 60}`)).toBe(true);
    }
    expect(owners.claim('busy', 'eve 1')).toBe(false);
    expect(JSON.stringify(owners.snapshot()).length).toBeLessThan(130_000);
  });

  it('lose a stream after 200 other streams of the same publisher', () => {
    const owners = createStreamOwners();
    for (let at = 0; at <= 200; at += 1) owners.claim(`s${at}`, 'pot');
    expect(owners.claim('s1', 'eve')).toBe(false);
    expect(owners.claim('s0', 'eve')).toBe(true);
  });

  it('start empty when the snapshot has another form', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (snapshot) => {
        expect(createStreamOwners(snapshot as never).claim('a stream', 'pot')).toBe(true);
      }),
    );
  });
});
