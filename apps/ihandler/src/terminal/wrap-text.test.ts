import { expect, test } from 'vitest';
import { fold } from './wrap-text.ts';

test('breaks a line between words, under its indentation', () => {
  expect(fold('  a  one two three four', 5, 14)).toBe('  a  one two\n     three\n     four');
  expect(fold('  a  /a/very/long/path two', 5, 14)).toBe('  a  /a/very/long/path\n     two');
});

test('leaves a line alone that fits, or that goes to no terminal', () => {
  expect(fold('  a  one two', 5, 14)).toBe('  a  one two');
  expect(fold('  a  one two three four', 5, undefined)).toBe('  a  one two three four');
});
