import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wrapLine } from './wrap-line.ts';

const plain = (text: string) => text.replaceAll(/\u001b\[[0-9;]*m/g, '');

describe('wrapLine', () => {
  it('wraps after a blank that is near', () => {
    expect(wrapLine('connection 613 ftpctrl tcp', 22)).toEqual(['connection 613', 'ftpctrl tcp']);
  });

  it('wraps anywhere when there is no blank', () => {
    expect(wrapLine('http://198.51.100.7/abcdef', 10)).toEqual(['http://198', '.51.100.7/', 'abcdef']);
  });

  it('does not count colours', () => {
    const line = '\u001b[36mlogin\u001b[39m root';
    expect(wrapLine(line, 10)).toEqual([line]);
  });

  it('ends colours at the end of each line', () => {
    const [first] = wrapLine('\u001b[32maaaaaaaaaa\u001b[39m', 5);
    expect(first).toBe('\u001b[32maaaaa\u001b[0m');
  });

  it('drops only blanks at the ends of lines, and returns no line that is too wide', () => {
    const text = fc.array(fc.constantFrom('a', ' ', '😀', '\u001b[1m', '\u001b[22m', '/x'), {
      maxLength: 80,
    });
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 30 }), (parts, room) => {
        const lines = wrapLine(parts.join(''), room).map(plain);
        expect(lines.join('').replaceAll(' ', '')).toBe(plain(parts.join('')).replaceAll(' ', ''));
        for (const line of lines) expect([...line].length).toBeLessThanOrEqual(room);
      }),
    );
  });
});
