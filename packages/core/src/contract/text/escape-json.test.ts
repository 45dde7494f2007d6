import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeControls } from './escape-controls.ts';
import { escapeJson } from './escape-json.ts';

describe('escapeJson', () => {
  it.each([
    ['a control character of one byte (C1)', '\u009b2J', '\\u009b2J'],
    ['delete', '\u007f', '\\u007f'],
    ['right-to-left override', 'gpj.\u202eexe', 'gpj.\\u202eexe'],
    ['a zero-width space', 'ad\u200bmin', 'ad\\u200bmin'],
    ['a byte order mark', '\ufeff', '\\ufeff'],
    ['line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
    ['a tag character, in two code units', '\u{e0041}', '\\udb40\\udc41'],
    ['half a surrogate pair', '\ud800', '\\ud800'],
    ['what JSON escapes itself', '\u001b[2J\n', '\\u001b[2J\\n'],
    ['letters of any script and emoji stay', 'Zürich 東京 🐝', 'Zürich 東京 🐝'],
  ])('%s', (_, text, shown) => {
    expect(escapeJson(JSON.stringify(text))).toBe(`"${shown}"`);
  });

  it('keeps the value of any JSON, indented or not, and the result has nothing left to escape', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ stringUnit: 'binary' }),
        fc.constantFrom(undefined, 2, '\t'),
        (value, indent) => {
          const json = JSON.stringify(value, undefined, indent);
          const escaped = escapeJson(json);
          expect(JSON.stringify(JSON.parse(escaped), undefined, indent)).toBe(json);
          expect(escapeControls(escaped.replace(/[\n\t]/g, ' '))).toBe(escaped.replace(/[\n\t]/g, ' '));
        },
      ),
      { numRuns: 1000 },
    );
  });
});
