import { describe, expect, it } from 'vitest';
import * as liveDatabase from './live-database/state.ts';

describe('a state in an existing data folder', () => {
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
