import { families } from '../packages/core/src/catalogue/families/index.ts';
import type { Family } from '../packages/core/src/catalogue/family.ts';
import { jsonSchemaOf } from '../packages/core/src/catalogue/json-schema.ts';
import { checkCode } from './catalogue/check-code.ts';
import { incidentsPage } from './catalogue/incidents-page.ts';

/** What is made from the catalogue: texts by path from the root of the repository. */
export function generateCatalogue(): ReadonlyMap<string, string> {
  const catalogue: Family = Object.assign({}, ...families.map(([, family]) => family));
  const schema = jsonSchemaOf(catalogue);
  return new Map([
    ['packages/core/incidents.schema.json', `${JSON.stringify(schema, null, 2)}\n`],
    ['packages/core/src/catalogue/check.generated.ts', checkCode(schema)],
    ['docs/incidents.md', incidentsPage(families, schema)],
  ]);
}
