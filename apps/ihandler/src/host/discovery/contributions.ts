import type { Manifest } from '@ihandler/core';
import { didYouMean } from '../did-you-mean.ts';
import type { InstalledPackage } from './find-packages.ts';

/** Something that a package offers under a name. */
export interface Offer<Kind extends 'handlers' | 'sources' | 'journals' | 'commands'> {
  readonly package: InstalledPackage;
  readonly name: string;
  readonly spec: Manifest[Kind][string];
}

/** All that the packages offer of a kind, in the order in which they were found. */
export function offersOf<Kind extends 'handlers' | 'sources' | 'journals' | 'commands'>(
  packages: readonly InstalledPackage[],
  kind: Kind,
): readonly Offer<Kind>[] {
  return packages.flatMap((installed) =>
    Object.entries(installed.manifest[kind]).map(([name, spec]) => ({
      package: installed,
      name,
      // Safe: the entry of a record of this kind has the type of its values; the compiler cannot index by `Kind`.
      spec: spec as Manifest[Kind][string],
    })),
  );
}

type Named = 'handlers' | 'sources';

/** What a configuration may call an offer. */
function namesOf<Kind extends Named>({ name, spec }: Offer<Kind>): readonly string[] {
  return [name, ...spec.aliases];
}

/** The offers with a name: as their own, else as an alias, else as the name of their package. */
export function offersNamed<Kind extends Named>(
  offers: readonly Offer<Kind>[],
  name: string,
): readonly Offer<Kind>[] {
  const own = offers.filter((offer) => offer.name === name);
  const also = own.length > 0 ? own : offers.filter(({ spec }) => spec.aliases.includes(name));
  return also.length > 0 ? also : offers.filter((offer) => offer.package.name === name);
}

/** How to get what is not installed: which package has it, nobody here knows. */
function toInstall(name: string): string {
  const word = name.replace(/[^@\w./-]/g, '');
  if (/[@/]/.test(word) || word.startsWith('ihandler-')) return ` (to install it: npm install ${word})`;
  return ` (to install it: npm install @ihandler/${word.replaceAll('_', '-')}; others: npm search keywords:ihandler)`;
}

/** The one offer with a name (see {@link offersNamed}). Else why there is none, or not one only. */
export function findOffer<Kind extends Named>(
  offers: readonly Offer<Kind>[],
  name: string,
): Offer<Kind> | string {
  const [first, ...more] = offersNamed(offers, name);
  if (first !== undefined && more.length === 0) return first;
  if (first?.package.name === name)
    return `expected one of ${[first, ...more].map((offer) => offer.name).join(', ')}; found the package ${name}, which offers all of them`;
  if (first !== undefined)
    return `expected a name that one package has; found ${name}, which ${[first, ...more].map((offer) => offer.package.name).join(' and ')} have: write the name of the package`;
  const known = offers.flatMap((offer) => [...namesOf(offer), offer.package.name]);
  const hint = didYouMean(name, known) || toInstall(name);
  const names = offers.map((offer) => offer.name);
  return `expected something that is installed: ${names.join(', ') || 'nothing is'}; found ${JSON.stringify(name)}${hint}`;
}
