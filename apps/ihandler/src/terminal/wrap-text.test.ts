import { expect, test } from 'vitest';
import { wrapText } from './wrap-text.ts';

test('wrapText breaks a line between words, under its indentation', () => {
  expect(wrapText('  a  one two three four', 5, 14)).toBe('  a  one two\n     three\n     four');
  expect(wrapText('  a  /a/very/long/path two', 5, 14)).toBe('  a  /a/very/long/path\n     two');
});

test('wrapText keeps a line that fits, or that is not for a terminal', () => {
  expect(wrapText('  a  one two', 5, 14)).toBe('  a  one two');
  expect(wrapText('  a  one two three four', 5, undefined)).toBe('  a  one two three four');
});
