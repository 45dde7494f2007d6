import { describe, expect, it } from 'vitest';
import { pythonRepr, pythonString } from './python-repr.ts';

describe('pythonString', () => {
  it.each([
    ['', "''"],
    ["it's", `"it's"`],
    [`it's "it"`, `'it\\'s "it"'`],
    ['a\\b\n\r\t\0\x7f', String.raw`'a\\b\n\r\t\x00\x7f'`],
    ['é 日本 \u00a0\u2028\u202e\ufeff', String.raw`'é 日本 \xa0\u2028\u202e\ufeff'`],
    ['😀\u{e0001}\ud800', `'😀${String.raw`\U000e0001\ud800`}'`],
  ])('writes %j as Python does', (text, repr) => {
    expect(pythonString(text)).toBe(repr);
  });
});

describe('pythonRepr', () => {
  it.each([
    ['[ true,false , null ]', '[True, False, None]'],
    ['{"2": {}, "1" : [] }', "{'2': {}, '1': []}"],
    ['{"__proto__": "[a, b: c]"}', "{'__proto__': '[a, b: c]'}"],
    ['123456789012345678901234567890', '123456789012345678901234567890'],
    ['[1.50, 1e2, 1E16, -0.0, 0.00001, 1e400, -0]', '[1.5, 100.0, 1e+16, -0.0, 1e-05, inf, 0]'],
    [String.raw`"\/\u0041\\x90\""`, String.raw`'/A\\x90"'`],
  ])('prints %s as Python prints the value', (json, repr) => {
    expect(pythonRepr(json)).toBe(repr);
  });

  it('returns text that is not JSON with its control characters escaped', () => {
    expect(pythonRepr('[\u001b')).toBe('[\\x1b');
    expect(pythonRepr('')).toBe('');
  });

  it('supports any depth', () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    expect(pythonRepr(deep)).toBe(deep);
  });

  it('converts a string of a megabyte', () => {
    const long = `\\"${'x'.repeat(1 << 20)}`;
    expect(pythonRepr(`["${long}"]`)).toHaveLength(long.length - 1 + 4);
  });
});
