import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeControls } from './escape-controls.ts';

describe('escapeControls', () => {
  it.each([
    ['plain text stays', 'GET / HTTP/1.1', 'GET / HTTP/1.1'],
    ['letters of any script stay', 'Zürich 東京 🐝', 'Zürich 東京 🐝'],
    ['a backslash stays', 'C:\\x1b', 'C:\\x1b'],
    ['a new line cannot forge another', 'a\nb\r\nc', 'a\\nb\\r\\nc'],
    ['a tab', 'a\tb', 'a\\tb'],
    ['NUL', 'a\0b', 'a\\x00b'],
    ['an escape sequence clears no screen', '\u001b[2J', '\\x1b[2J'],
    ['nor one of a single character (C1)', '\u009b2J', '\\x9b2J'],
    ['a bell', '\u0007', '\\x07'],
    ['a backspace', 'root\b\b', 'root\\x08\\x08'],
    ['delete', '\u007f', '\\x7f'],
    ['next line', '\u0085', '\\x85'],
    ['a line separator', '\u2028', '\\u2028'],
    ['right-to-left override', 'gpj.\u202eexe', 'gpj.\\u202eexe'],
    ['a bidirectional isolate', '\u2066', '\\u2066'],
    ['an Arabic letter mark', '\u061c', '\\u061c'],
    ['a zero-width space', 'ad\u200bmin', 'ad\\u200bmin'],
    ['a soft hyphen', 'ad\u00admin', 'ad\\xadmin'],
    ['a byte order mark', '\ufeff', '\\ufeff'],
    ['a lone surrogate', 'a\ud800b\udc00', 'a\\ud800b\\udc00'],
    ['a tag character, which hides text', '\u{e0041}', '\\u{e0041}'],
    ['a format character beyond the first plane', '\u{1d173}', '\\u{1d173}'],
  ])('escapes %s', (_, text, expected) => {
    expect(escapeControls(text)).toBe(expected);
  });

  it('leaves no control, format, bidirectional or separator character, and returns one line', () => {
    const unit = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.nat(0xffff).map((code) => String.fromCharCode(code)),
      fc.nat(0x10ffff).map((code) => String.fromCodePoint(code)),
    );
    fc.assert(
      fc.property(fc.array(unit), (parts) => {
        const safe = escapeControls(parts.join(''));
        expect(safe).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
        expect(escapeControls(safe)).toBe(safe);
      }),
      { numRuns: 1000 },
    );
  });

  it('escapes every harmful character of Unicode', () => {
    const through: string[] = [];
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const text = String.fromCodePoint(code);
      if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(escapeControls(text))) through.push(code.toString(16));
    }
    expect(through).toEqual([]);
  });
});
