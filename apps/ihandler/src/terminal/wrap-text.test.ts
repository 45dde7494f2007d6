import { expect, test } from 'vitest';
import { wrapText } from './wrap-text.ts';

test('breaks a line between words, under its indentation', () => {
  expect(wrapText('  a  one two three four', 5, 14)).toBe('  a  one two\n     three\n     four');
  expect(wrapText('  a  /a/very/long/path two', 5, 14)).toBe('  a  /a/very/long/path\n     two');
});

test('leaves a line alone that fits, or that goes to no terminal', () => {
  expect(wrapText('  a  one two', 5, 14)).toBe('  a  one two');
  expect(wrapText('  a  one two three four', 5, undefined)).toBe('  a  one two three four');
});
