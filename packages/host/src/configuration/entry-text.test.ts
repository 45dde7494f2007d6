import { expect, test } from 'vitest';
import { parseEntry } from './entry-text.ts';

test.each([
  ['log-text', { name: 'log-text', config: {} }],
  ['log-text:file=a.log,level=info', { name: 'log-text', config: { file: 'a.log', level: 'info' } }],
  ['log-text:file=/srv/a,b=c.log', { name: 'log-text', config: { file: '/srv/a', b: 'c.log' } }],
  ['log-text:file=a,c.log', { name: 'log-text', config: { file: 'a,c.log' } }],
  ['./my.js:url=https://x:1/?a=b', { name: './my.js', config: { url: 'https://x:1/?a=b' } }],
  ['C:\\x.js', { name: 'C:\\x.js', config: {} }],
])('parseEntry reads %s', (text, entry) => {
  expect(parseEntry(text, { packages: [] })).toEqual(entry);
});
