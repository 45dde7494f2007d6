import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { families } from '../packages/dionaea/src/origins/families.ts';
import { origins } from '../packages/dionaea/src/origins/index.ts';
import { generateOrigins } from './generate-origins.ts';

/** The value that a generated module exports. */
function valueIn(module: string): unknown {
  // Formatted JavaScript is not JSON: quotes and commas differ.
  return new Function(
    `return ${module
      .slice(module.indexOf('= ') + 2)
      .trim()
      .replace(/;$/, '')}`,
  )();
}

test.each([...generateOrigins()])(
  '%s is up to date with the declarations (if not: node scripts/generate-origins.mjs)',
  (path, text) => {
    const written = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
    // JSON and modules were formatted after their generation, so the test compares values.
    if (path.endsWith('.json')) expect(JSON.parse(written)).toEqual(JSON.parse(text));
    else if (path.endsWith('.ts')) expect(valueIn(written)).toEqual(valueIn(text));
    else expect(written).toBe(text);
  },
);

test('the families hold all origins of dionaea', () => {
  expect(Object.assign({}, ...families.map(([, family]) => family))).toEqual(origins);
});
