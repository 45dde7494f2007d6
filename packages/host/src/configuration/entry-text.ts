import { type Contribution, contributionsOf, findContribution } from '../discovery/contributions.ts';
import type { Installed } from '../discovery/find-packages.ts';
import { exampleOf, fromText, requiredOptions } from '../discovery/option-schema.ts';
import type { Entry } from './configuration.ts';

/**
 * Reads an entry as it is typed on a command line: `log-text:file=my.log,level=info`. A comma belongs to a value unless
 * `OPTION=` follows it; values get the type that the handler's schema asks for.
 */
export function parseEntry(text: string, { packages }: Pick<Installed, 'packages'>): Entry {
  const [, name = text, options = ''] = /^(.*?)(?::([\w.-]+=.*))?$/s.exec(text) ?? [];
  const handler = findContribution(contributionsOf(packages, 'handlers'), name);
  const schema = typeof handler === 'string' ? {} : handler.spec.options;
  const config = options.split(/,(?=[\w.-]+=)/).flatMap((pair) => {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, equals);
    return equals < 1 ? [] : [[key, fromText(schema, key, pair.slice(equals + 1))] as const];
  });
  return { name, config: Object.fromEntries(config) };
}

/** An entry for {@link parseEntry} that runs a handler, with an example for each option it needs. */
export function exampleEntry({ name, spec }: Contribution<'handlers'>): string {
  const options = requiredOptions(spec.options).map((key) => `${key}=${exampleOf(spec.options, key)}`);
  return options.length > 0 ? `${name}:${options.join(',')}` : name;
}
