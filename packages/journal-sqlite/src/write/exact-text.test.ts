import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactText } from './exact-text.ts';

const name = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.constantFrom('"', '\\', 'a', 'ud800', '\ud800', '\udc00')).map((parts) => parts.join('')),
);

describe('exactText', () => {
  it('keeps different names different, also after UTF-8 encoding', () => {
    const stored = (text: string) => Buffer.from(exactText(text), 'utf8').toString('hex');
    fc.assert(
      fc.property(name, name, (a, b) => (a === b) === (stored(a) === stored(b))),
      { numRuns: 2000 },
    );
    expect(stored('\ud800')).not.toBe(stored('"\\ud800"'));
  });

  it('returns an ordinary name unchanged', () => {
    expect(exactText('a1b2/log-sqlite/0')).toBe('a1b2/log-sqlite/0');
  });
});
