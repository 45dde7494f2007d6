import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nestsDeeper } from './nests-deeper.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce<number>((most, inner) => Math.max(most, depthOf(inner)), 0);
}

describe('nestsDeeper', () => {
  it('measures the depth of any JSON text, whatever its strings contain', () => {
    const text = fc.array(fc.constantFrom('{', '[', ']', '}', '"', '\\', 'a', '\u00fc'), { maxLength: 8 });
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 7, withCrossShrink: true },
        text.map((parts) => parts.join('')),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(
          text.map((parts) => parts.join('')),
          tie('value'),
          { maxKeys: 3 },
        ),
      ),
    }));
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 8 }), (tree, levels) => {
        expect(nestsDeeper(JSON.stringify(tree), levels)).toBe(depthOf(tree) > levels);
      }),
      { numRuns: 1000 },
    );
  });

  it('also measures text that is not JSON, without recursion', () => {
    expect(nestsDeeper('['.repeat(1_000_000), 100)).toBe(true);
    expect(nestsDeeper(`"${'['.repeat(1_000_000)}`, 100)).toBe(false);
    expect(nestsDeeper('[{'.repeat(50), 100)).toBe(false);
    expect(nestsDeeper('[{'.repeat(51), 100)).toBe(true);
  });
});
