import { expect, test } from 'vitest';
import { exampleOf, fromText, requiredOptions, resolvePaths } from './option-schema.ts';

const schema = {
  type: 'object',
  required: ['file', 'level', 'key'],
  properties: {
    file: { type: 'string', format: 'path', examples: ['a.sqlite'] },
    level: { type: 'string', default: 'info' },
    key: { type: 'string' },
    size: { type: 'integer' },
    isLoud: { type: ['boolean', 'null'] },
    folders: { type: 'array', items: { type: 'string', format: 'path' } },
    paths: { type: 'object', additionalProperties: { type: 'string', format: 'path' } },
    inner: { type: 'object', properties: { file: { type: 'string', format: 'path' } } },
  },
};

test('resolvePaths makes every path absolute, at any depth, and nothing else', () => {
  const options = {
    file: 'a',
    level: 'b',
    folders: ['c', '/d'],
    paths: { '/opt/dionaea': 'e' },
    inner: { file: '../f', other: 'g' },
    unheard: 'h',
  };
  expect(resolvePaths(schema, options, '/etc/ihandler')).toEqual({
    file: '/etc/ihandler/a',
    level: 'b',
    folders: ['/etc/ihandler/c', '/d'],
    paths: { '/opt/dionaea': '/etc/ihandler/e' },
    inner: { file: '/etc/f', other: 'g' },
    unheard: 'h',
  });
  expect(resolvePaths(schema, { file: ':memory:', folders: 7, inner: null }, '/etc')).toEqual({
    file: ':memory:',
    folders: 7,
    inner: null,
  });
});

test('requiredOptions leaves out options with a default', () => {
  expect(requiredOptions(schema)).toEqual(['file', 'key']);
  expect(requiredOptions({})).toEqual([]);
});

test('exampleOf returns an example for an option', () => {
  expect(exampleOf(schema, 'file')).toBe('a.sqlite');
  expect(exampleOf({ properties: { file: { format: 'path' } } }, 'file')).toBe('FILE');
  expect(exampleOf(schema, 'key')).toBe('VALUE');
});

test('fromText returns a value with the type of its schema', () => {
  expect(fromText(schema, 'size', '12')).toBe(12);
  expect(fromText(schema, 'size', 'twelve')).toBe('twelve');
  expect(fromText(schema, 'isLoud', 'true')).toBe(true);
  expect(fromText(schema, 'file', '12')).toBe('12');
  expect(fromText(schema, 'constructor', '12')).toBe('12');
});
