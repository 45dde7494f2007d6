import { listening } from '../sound.ts';
import { type Broken, untyped } from './broken.ts';

const forgets = 'says what it did when it was told to forget, and goes on';
const counts = 'counts in numbers, under names in snake case, at any time while it is started';

/** A listener with a fault in what an operator asks of it. */
function asked(how: string, rule: string, part: () => object): Broken {
  return { rule, how, factory: () => untyped({ ...listening(''), ...part() }) };
}

/** Handlers that an operator cannot rely on. */
export const brokenForOperators: readonly Broken[] = [
  asked('says nothing', forgets, () => ({ forget() {} })),
  asked('fails', forgets, () => ({ forget: () => Promise.reject(new Error('the table is gone')) })),
  asked('never comes back', forgets, () => ({ forget: () => new Promise(() => {}) })),
  asked('hears nothing any more', forgets, () => {
    let isOver = false;
    return {
      on: {
        '*': () => {
          if (isOver) throw new Error('has forgotten how');
        },
      },
      forget() {
        isOver = true;
        return 'removed everything';
      },
    };
  }),
  asked('cannot be closed after that', forgets, () => {
    let isOver = false;
    return {
      forget() {
        isOver = true;
        return 'removed everything';
      },
      close() {
        if (isOver) throw new Error('nothing to close');
      },
    };
  }),
  asked('has names of its own', counts, () => ({ counters: () => ({ 'Rows-written': 1 }) })),
  asked('counts in words', counts, () => ({ counters: () => ({ rows: 'many' }) })),
  asked('fails', counts, () => ({
    counters() {
      throw new Error('the table is gone');
    },
  })),
  asked('answers later', counts, () => ({ counters: async () => ({ rows: 1 }) })),
];
