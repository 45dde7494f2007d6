import { describe, expect, it } from 'vitest';
import { readState, writeState } from './state.ts';

describe('a state in an existing data folder', () => {
  it('of a source that follows lines is read and written in the same form', () => {
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
    const state = readState(stored);
    expect(state).toEqual(stored);
    expect(state && writeState(state)).toEqual(stored);
  });
});
