import { describe, expect, it } from 'vitest';
import * as follow from './follow/state.ts';
import * as liveDatabase from './live-database/state.ts';

describe('a state in an existing data folder', () => {
  it('of dionaea-follow is read and written in the same form', () => {
    const stored = {
      version: 1,
      seen: [['5a1c0f6e2b9d48371122', 0, 1_795_328_694_818.162]],
      since: 0,
      part: {
        base: '9d48371122aabbccdd00',
        generation: 1,
        offset: 361,
        check: '0123456789abcdef',
        id: '64769:1234',
        began: 1_795_328_700_000,
        done: false,
      },
    };
    const state = follow.readState(stored);
    expect(state).toEqual(stored);
    expect(state && follow.writeState(state)).toEqual(stored);
  });

  it('of dionaea-database is read and written in the same form', () => {
    const stored = {
      version: 1,
      identity: 'first.connection=1',
      generation: 0,
      rows: { connections: 57, links: 57, offers: 3 },
      check: '0123456789abcdef',
      told: [3, 1, 4, 3],
      late: 1_795_328_694_818,
    };
    const state = liveDatabase.readState(stored);
    expect(state).toEqual(stored);
    expect(state && liveDatabase.writeState(state)).toEqual(stored);
  });
});
