import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isIhandlerError } from '../contract/error.ts';
import { compileGlob, matchOrigin } from './glob.ts';

/** What a glob means, as slow as it likes: by dynamic programming over the glob. */
function means(glob: string, origin: string): boolean {
  let ends = new Set([0]);
  for (const character of glob) {
    if (character === '*')
      ends = new Set([...Array(origin.length + 1).keys()].filter((at) => at >= Math.min(...ends)));
    else ends = new Set([...ends].filter((at) => origin[at] === character).map((at) => at + 1));
  }
  return ends.has(origin.length);
}

const origin = fc.string({ unit: fc.constantFrom('a', 'b', '1', '-', '_', '.'), maxLength: 24 });
const glob = fc.string({
  unit: fc.constantFrom('a', 'b', '1', '-', '_', '.', '*'),
  minLength: 1,
  maxLength: 12,
});

test.each([
  ['*', 'dionaea.connection.free', true],
  ['*', '', true],
  ['dionaea.*', 'dionaea.connection.free', true],
  ['dionaea.*', 'dionaea.', true],
  ['dionaea.*', 'dionaea', false],
  ['dionaea.*.accept', 'dionaea.connection.tcp.accept', true],
  ['dionaea.*.addr.*', 'dionaea.module.nl.addr.new', true],
  ['dionaea.connection.link', 'dionaea.connection.link.early', false],
  ['dionaea.connection.free', 'dionaeaXconnection.free', false],
  ['*.mkshell', 'dionaea.module.emu.mkshell', true],
  ['Dionaea.*', 'dionaea.x', false],
  ['a**b', 'ab', true],
])('%s on %s is %s', (pattern, name, expected) => {
  expect(matchOrigin(pattern, name)).toBe(expected);
});

test('a star matches any characters, and everything else matches itself', () => {
  fc.assert(
    fc.property(glob, origin, (pattern, name) => {
      expect(matchOrigin(pattern, name)).toBe(means(pattern, name));
    }),
    { numRuns: 3000 },
  );
});

test('a glob made of an origin by putting stars for runs matches it', () => {
  const pieces = fc.array(fc.record({ text: origin, starred: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(pieces, (parts) => {
      const pattern = parts.map(({ text, starred }) => (starred ? '*' : text)).join('');
      fc.pre(pattern !== '');
      expect(matchOrigin(pattern, parts.map(({ text }) => text).join(''))).toBe(true);
    }),
  );
});

test('many stars against a long origin of the same letter come to an end', () => {
  const name = 'a'.repeat(256);
  for (const pattern of [
    `${'*a'.repeat(40)}*b`,
    `${'*a*'.repeat(60)}c`,
    `${'*a'.repeat(255)}*`,
    '*-*_*.'.repeat(80),
  ])
    expect(matchOrigin(pattern, name)).toBe(means(pattern, name));
});

test.each([
  ['dionaea.?', 'write "*"'],
  ['dionaea.{a,b}', 'one glob for each'],
  ['a|b', 'one glob for each'],
  ['!a', 'except'],
  ['a/b', 'dots'],
  ['a b', 'leave it out'],
  ['\u001b[31m', 'leave it out'],
  ['', 'for everything'],
  ['*'.repeat(10_000), 'at most'],
])('%j is refused with advice', (pattern, advice) => {
  let thrown: unknown;
  try {
    compileGlob(pattern);
  } catch (error) {
    thrown = error;
  }
  if (!isIhandlerError(thrown)) expect.unreachable('nothing was thrown');
  expect(thrown.code).toBe('GLOB_INVALID');
  expect(thrown.message).toContain(advice);
  expect(thrown.message).not.toContain('\u001b');
});
