import { expect, it } from 'vitest';
import { z } from 'zod';
import { issueText } from './issue-text.ts';

it.each<[string, z.ZodType, unknown]>([
  ['expected a text', z.string(), 7],
  ['expected a text', z.string(), undefined],
  ['expected a list', z.array(z.string()), 7],
  ['expected a mapping (name: value)', z.object({}), 7],
  ['expected a mapping (name: value)', z.record(z.string(), z.string()), 8],
  ['expected true or false', z.boolean(), 'x'],
  ['expected a number', z.number(), 'x'],
  ['expected a whole number', z.int(), 1.5],
  ['expected a list of at least 1 item', z.array(z.string()).min(1), []],
  ['expected a number of at most 5', z.number().max(5), 6],
  ['expected a text of at least 1 character', z.string().min(1), ''],
  ['expected "a" or "b"', z.enum(['a', 'b']), 'c'],
  ['expected "a"', z.literal('a'), 'c'],
  ['expected a text of another form', z.string().regex(/^a$/), 'c'],
  ['expected a text or a number', z.union([z.string(), z.number()]), true],
  ['expected my own words', z.string('expected my own words'), true],
])('The text of an issue says %j in plain words', (text, schema, value) => {
  const [issue] = schema.safeParse(value).error?.issues ?? [];
  expect(issueText(issue ?? { message: '' })).toBe(text);
});
