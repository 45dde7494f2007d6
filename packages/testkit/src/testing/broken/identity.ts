import { listening } from '../sound.ts';
import { type Broken, untyped } from './broken.ts';

const everything = () => {};
const asynchronous = { '~standard': { version: 1, vendor: 'test', validate: async () => ({ value: 1 }) } };

/** A sound handler that says something else of itself. */
function says(rule: string, how: string, words: object): Broken {
  return { rule, how, factory: () => untyped({ ...listening(''), ...words }) };
}

const shape = 'either listens ("on") or writes ("accepts" and "write")';
const globs = 'asks for incidents by globs that are valid';
const vain = 'asks for nothing that cannot come';
const declares = 'declares what it reports, each origin with a schema that answers at once';

/** Handlers that say wrong things of themselves. */
export const brokenIdentities: readonly Broken[] = [
  says('speaks contract 1', 'speaks contract 2', { contract: 2 }),
  says('speaks contract 1', 'speaks none', { contract: undefined }),
  says('has a name in kebab case', 'has a name in camel case', { name: 'logSqlite' }),
  says('has a name in kebab case', 'has no name', { name: undefined }),
  says(shape, 'does both', { accepts: ['*'], write() {} }),
  { rule: shape, how: 'does neither', factory: () => untyped({ contract: 1, name: 'idle' }) },
  {
    rule: shape,
    how: 'accepts and has no write',
    factory: () => untyped({ contract: 1, name: 'idle', accepts: ['*'] }),
  },
  says(shape, 'asks for nothing', { on: {} }),
  says(shape, 'has a listener that is no function', { on: { '*': everything, 'dionaea.*': 'listen' } }),
  says(globs, 'uses braces', { on: { '*': everything, 'dionaea.{download,upload}.*': everything } }),
  says(vain, 'has a typing error', { on: { '*': everything, 'dionaea.conection.*': everything } }),
  says(vain, 'asks for an origin with an empty part', { on: { '*': everything, 'acme..seen': everything } }),
  says(declares, 'has no schema', { reports: { 'acme.thing.seen': {} } }),
  says(declares, 'has a schema that answers later', { reports: { 'acme.thing.seen': asynchronous } }),
  says(declares, 'reports what is no origin', { reports: { 'acme.*': undefined } }),
];
