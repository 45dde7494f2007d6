import { listening } from '../sound.ts';
import { type Broken, untyped } from './broken.ts';

const forgets = 'describes what forget() removed, and continues';
const counts = 'has numeric counters with names in snake case from start() to close()';

/** A listener with a fault in forget() or counters(). */
function asked(how: string, rule: string, part: () => object): Broken {
  return { rule, how, factory: () => untyped({ ...listening(''), ...part() }) };
}

/** Handlers with faults in what an operator asks of them. */
export const brokenForOperators: readonly Broken[] = [
  asked('returns nothing', forgets, () => ({ forget() {} })),
  asked('rejects', forgets, () => ({ forget: () => Promise.reject(new Error('the table is gone')) })),
  asked('never returns', forgets, () => ({ forget: () => new Promise(() => {}) })),
  asked('fails after that', forgets, () => {
    let isOver = false;
    return {
      on: {
        '*': () => {
          if (isOver) throw new Error('cannot continue');
        },
      },
      forget() {
        isOver = true;
        return 'removed everything';
      },
    };
  }),
  asked('fails to close after that', forgets, () => {
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
  asked('uses other names', counts, () => ({ counters: () => ({ 'Rows-written': 1 }) })),
  asked('has text as a counter', counts, () => ({ counters: () => ({ rows: 'many' }) })),
  asked('throws', counts, () => ({
    counters() {
      throw new Error('the table is gone');
    },
  })),
  asked('returns a promise', counts, () => ({ counters: async () => ({ rows: 1 }) })),
];
