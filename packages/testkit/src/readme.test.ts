import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeHandler } from './index.ts';
import { listening } from './testing/sound.ts';

it('the README lists every rule, in order', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const section = readme.split('## The rules')[1]?.split('\n## ')[0] ?? '';
  const rules: string[] = [];
  describeHandler((name) => rules.push(name), listening, { stored: () => [] });
  expect([...section.matchAll(/^- (.+)$/gm)].map(([, rule]) => rule)).toEqual(rules);
});
