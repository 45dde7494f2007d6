import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { families } from '../packages/core/src/catalogue/families/index.ts';
import { catalogue } from '../packages/core/src/catalogue/index.ts';
import { generateCatalogue } from './generate-catalogue.ts';

test.each([...generateCatalogue()])(
  '%s is up to date with the catalogue (if not: node scripts/generate-catalogue.mjs)',
  (path, text) => {
    const written = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
    // The JSON was formatted after its generation, so the test compares values.
    if (path.endsWith('.json')) expect(JSON.parse(written)).toEqual(JSON.parse(text));
    else expect(written).toBe(text);
  },
);

test('the catalogue consists of all families', () => {
  expect(Object.assign({}, ...families.map(([, family]) => family))).toEqual(catalogue);
});
