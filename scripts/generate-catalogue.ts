import { families } from '../packages/core/src/catalogue/families/index.ts';
import type { Family } from '../packages/core/src/catalogue/family.ts';
import { jsonSchemaOf } from '../packages/core/src/catalogue/json-schema.ts';
import { storeOrigins } from '../packages/store/src/origins.ts';
import { virustotalOrigins } from '../packages/virustotal/src/origins.ts';
import { checkCode } from './catalogue/check-code.ts';
import { incidentsPage } from './catalogue/incidents-page.ts';

/** The origins that packages of this repository declare themselves, with their titles. */
const declared: readonly (readonly [title: string, family: Family])[] = [
  ['Stored samples (@ihandler/store)', storeOrigins],
  ['Verdicts (@ihandler/virustotal)', virustotalOrigins],
];

function merged(all: typeof families): Family {
  return Object.assign({}, ...all.map(([, family]) => family));
}

/**
 * The generated files, by path from the root of the repository. The published schema and the page list every origin; the
 * check of core covers the catalogue only, since the dispatcher checks what a handler declares.
 */
export function generateCatalogue(): ReadonlyMap<string, string> {
  const all = [...families, ...declared];
  const schema = jsonSchemaOf(merged(all));
  return new Map([
    ['packages/core/incidents.schema.json', `${JSON.stringify(schema, null, 2)}\n`],
    ['packages/core/src/catalogue/check.generated.ts', checkCode(jsonSchemaOf(merged(families)))],
    ['docs/incidents.md', incidentsPage(all, schema)],
  ]);
}
