import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { IhandlerError } from './error.ts';
import { optionProblems, parseOptions } from './options.ts';

const schema = z.strictObject({
  file: z.string('expected a path'),
  size: z.number('expected a number').default(7),
  auth: z.strictObject({ password: z.string().min(8), user: z.string() }).optional(),
  apiKeys: z.array(z.string().min(8)).optional(),
  rules: z.record(z.string(), z.number()).optional(),
  either: z.union([z.string(), z.number()]).optional(),
});

/** The problems of invalid options. */
function told(input: unknown, of: z.ZodType = schema) {
  try {
    parseOptions(of, input, 'log-text');
  } catch (error) {
    return { error, text: error instanceof Error ? error.message : '', problems: optionProblems(error) };
  }
  throw new Error('expected a failure');
}

describe('parseOptions', () => {
  it('returns the output of the schema', () => {
    expect(parseOptions(schema, { file: 'a' }, 'log-text')).toEqual({ file: 'a', size: 7 });
    expect(parseOptions(z.strictObject({}), undefined, 'log-text')).toEqual({});
  });

  it('throws one error with all problems: path, expectation and finding', () => {
    const { error, text, problems } = told({ size: 'big', fiel: 'a', rules: { one: 1, 'a.b': 'x' } });
    expect(error).toBeInstanceOf(IhandlerError);
    expect(error).toMatchObject({ code: 'OPTIONS_INVALID' });
    expect(problems).toEqual([
      { path: 'file', message: 'expected a path; found nothing' },
      { path: 'size', message: 'expected a number; found "big"' },
      { path: 'rules.a.b', message: expect.stringContaining('; found "x"') },
      { path: 'fiel', message: 'unknown option' },
    ]);
    expect(text.split('\n')[0]).toBe('log-text: invalid options:');
    for (const { path, message } of problems) expect(text).toContain(`  ${path}: ${message}`);
  });

  it.each([
    ['apiKeys[1]', { file: 'a', apiKeys: ['long enough', 'short'] }],
    ['apiKeys', { file: 'a', apiKeys: 'hunter2' }],
    ['auth.password', { file: 'a', auth: { user: 'me', password: 'hunter2' } }],
    ['auth', { file: 'a', auth: ['hunter2'] }],
    ['either', { file: 'a', either: { token: 'hunter2' } }],
    ['either', { file: 'a', either: [{ deep: { SECRET_NAME: 'hunter2', passphrase: ['hunter2'] } }] }],
    ['', [{ password: 'hunter2' }]],
  ])('does not show a secret: %s', (path, input) => {
    const { text, problems } = told(input);
    expect(problems.map((problem) => problem.path)).toContain(path);
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('short"');
  });

  it('accepts input of any shape, and shows it in short', () => {
    expect(told('x'.repeat(1000)).text.length).toBeLessThan(300);
    expect(told(7).problems).toEqual([{ path: '', message: expect.stringContaining('found 7') }]);
    expect(told(7).text).toContain('  options: ');
    expect(told({ file: 7n }).text).toContain('found 7');
    const circle: Record<string, unknown> = {};
    circle['file'] = circle;
    expect(told(circle).problems).toEqual([{ path: 'file', message: expect.stringContaining('found') }]);
  });

  it('escapes hostile names of options, which change nothing else', () => {
    const hostile = JSON.parse('{"file":"a","__proto__":{"size":1},"constructor":2,"\\u001b[2J\\n":3}');
    const { text, problems } = told(hostile);
    expect(problems.map(({ path }) => path).toSorted()).toEqual(['\\x1b[2J\\n', '__proto__', 'constructor']);
    expect(text.split('\n')).toHaveLength(4);
    expect(text).not.toContain('\u001b');
    expect({}).not.toHaveProperty('size');
  });

  it('escapes hostile values of options', () => {
    const { text } = told({ file: 'a', size: '\u001b[2J\u202e\n' });
    expect(text).not.toMatch(/[\u001b\u202e]/);
    expect(text.split('\n')).toHaveLength(2);
  });
});

it('optionProblems reads the problems from an error of any copy of core, and of no other error', () => {
  const problems = [{ path: 'a', message: 'b' }];
  expect(optionProblems(Object.assign(new Error('x'), { problems }))).toEqual(problems);
  expect(optionProblems(Object.assign(new Error('x'), { problems: [null, 7, { path: 1 }] }))).toEqual([]);
  for (const other of [new Error('x'), { problems }, null, 'x']) expect(optionProblems(other)).toEqual([]);
});
