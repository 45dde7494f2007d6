import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { families } from '../packages/core/src/catalogue/families/index.ts';
import { catalogue } from '../packages/core/src/catalogue/index.ts';
import { generateCatalogue } from './generate-catalogue.ts';

test.each([...generateCatalogue()])(
  '%s is what the catalogue says (else: node scripts/generate-catalogue.mjs)',
  (path, text) => {
    const written = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
    // JSON is formatted after it was made, so its meaning is compared.
    if (path.endsWith('.json')) expect(JSON.parse(written)).toEqual(JSON.parse(text));
    else expect(written).toBe(text);
  },
);

test('the families together are the catalogue', () => {
  expect(Object.assign({}, ...families.map(([, family]) => family))).toEqual(catalogue);
});
