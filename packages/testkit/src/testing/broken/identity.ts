import { listening } from '../sound.ts';
import { type Broken, untyped } from './broken.ts';

const everything = () => {};
const asynchronous = { '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: 1 }) } };

/** A sound handler with other declarations. */
function says(rule: string, how: string, words: object): Broken {
  return { rule, how, factory: () => untyped({ ...listening(''), ...words }) };
}

const shape = 'either listens ("on") or writes ("accepts" and "write")';
const globs = 'uses valid globs';
const unmatched = 'uses only globs that some origin can match';
const declares = 'declares a synchronous schema for each origin that it reports';

/** Handlers with invalid declarations. */
export const brokenIdentities: readonly Broken[] = [
  says('implements contract 1', 'implements contract 2', { contract: 2 }),
  says('implements contract 1', 'has no contract', { contract: undefined }),
  says('has a name in kebab case', 'has a name in camel case', { name: 'logSqlite' }),
  says('has a name in kebab case', 'has no name', { name: undefined }),
  says(shape, 'does both', { accepts: ['*'], write() {} }),
  { rule: shape, how: 'does neither', factory: () => untyped({ contract: 1, name: 'idle' }) },
  {
    rule: shape,
    how: 'accepts and has no write',
    factory: () => untyped({ contract: 1, name: 'idle', accepts: ['*'] }),
  },
  says(shape, 'has no listeners', { on: {} }),
  says(shape, 'has a listener that is not a function', { on: { '*': everything, 'dionaea.*': 'listen' } }),
  says(globs, 'uses braces', { on: { '*': everything, 'dionaea.{download,upload}.*': everything } }),
  says(unmatched, 'has a misspelt glob', { on: { '*': everything, 'dionaea.conection.*': everything } }),
  says(unmatched, 'has a glob with an empty part', { on: { '*': everything, 'acme..seen': everything } }),
  says(declares, 'has no schema', { reports: { 'acme.thing.seen': {} } }),
  says(declares, 'has an asynchronous schema', { reports: { 'acme.thing.seen': asynchronous } }),
  says(declares, 'declares a glob as an origin', { reports: { 'acme.*': undefined } }),
];
