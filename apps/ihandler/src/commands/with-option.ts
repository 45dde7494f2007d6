import type { Wanted } from '../host/assembly/load-handlers.ts';
import { findOffer, type Offer, offersOf } from '../host/discovery/contributions.ts';
import type { InstalledPackage } from '../host/discovery/find-packages.ts';
import { exampleOf, fromText, requiredOptions } from '../host/discovery/option-schema.ts';
import { shellWord } from '../terminal/shell-word.ts';

/** What the option `--with` looks like. */
export const WITH_FORM = 'NAME[:OPTION=VALUE,…]';

/** Reads `log-text:file=my.log,level=info`: a handler with options. A comma is part of a value unless `OPTION=` follows it. */
export function parseWith(text: string, packages: readonly InstalledPackage[]): Wanted {
  const [, name = text, options = ''] = /^(.*?)(?::([\w.-]+=.*))?$/s.exec(text) ?? [];
  const offer = findOffer(offersOf(packages, 'handlers'), name);
  const schema = typeof offer === 'string' ? {} : offer.spec.options;
  const config = options.split(/,(?=[\w.-]+=)/).flatMap((pair) => {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, equals);
    return equals < 1 ? [] : [[key, fromText(schema, key, pair.slice(equals + 1))] as const];
  });
  return { entry: { name, config: Object.fromEntries(config) }, path: [`--with ${text}`] };
}

/** The value of `--with` that runs a handler with an example for each option it needs, quoted for a shell. */
export function exampleWith({ name, spec }: Offer<'handlers'>): string {
  const options = requiredOptions(spec.options).map((key) => `${key}=${exampleOf(spec.options, key)}`);
  return shellWord(options.length > 0 ? `${name}:${options.join(',')}` : name);
}
