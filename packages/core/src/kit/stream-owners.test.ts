import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createStreamOwners } from './stream-owners.ts';

describe('the owners of streams', () => {
  it('are those who brought their first incidents, also after a restart', () => {
    const owners = createStreamOwners();
    expect(owners.admits('s', 'pot')).toBe(true);
    expect(owners.admits('s', 'eve')).toBe(false);
    expect(owners.admits('t', 'eve')).toBe(true);
    const again = createStreamOwners(JSON.parse(JSON.stringify(owners.kept())));
    expect(again.admits('s', 'eve')).toBe(false);
    expect(again.admits('s', 'pot')).toBe(true);
    expect(again.admits('t', 'pot')).toBe(false);
  });

  it.each(['s/virustotal/0', 's~17', 's~17/store/1'])('own what comes of their streams: %s', (derived) => {
    const owners = createStreamOwners();
    owners.admits('s', 'pot');
    expect(owners.admits(derived, 'eve')).toBe(false);
    expect(owners.admits(derived, 'pot')).toBe(true);
    const other = createStreamOwners();
    other.admits(derived, 'pot');
    expect(other.admits('s', 'eve')).toBe(false);
  });

  it('keep the streams that they use, whatever others do', () => {
    const owners = createStreamOwners();
    for (let at = 0; at < 12_000; at += 1) {
      if (at % 50 === 0) expect(owners.admits('busy', 'pot')).toBe(true);
      expect(owners.admits(`own ${at}`, `eve ${at % 60}`)).toBe(true);
    }
    expect(owners.admits('busy', 'eve 1')).toBe(false);
    expect(JSON.stringify(owners.kept()).length).toBeLessThan(130_000);
  });

  it('are forgotten of a stream after 200 others of the same speaker', () => {
    const owners = createStreamOwners();
    for (let at = 0; at <= 200; at += 1) owners.admits(`s${at}`, 'pot');
    expect(owners.admits('s1', 'eve')).toBe(false);
    expect(owners.admits('s0', 'eve')).toBe(true);
  });

  it('begin anew when what was kept is of another form', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (kept) => {
        expect(createStreamOwners(kept as never).admits('a stream', 'pot')).toBe(true);
      }),
    );
  });
});
