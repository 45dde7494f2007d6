import type { Manifest } from '@ihandler/core';
import type { InstalledPackage } from './find-packages.ts';
import { didYouMean } from './nearest.ts';

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

/** What a configuration may call an offer. */
function namesOf(offer: {
  readonly name: string;
  readonly spec: { readonly aliases: readonly string[] };
}): readonly string[] {
  return [offer.name, ...offer.spec.aliases];
}

/** The offer with a name: its own, an alias, or the name of its package when that offers no other of the kind. Else why not. */
export function findOffer<Kind extends 'handlers' | 'sources'>(
  offers: readonly Offer<Kind>[],
  name: string,
): Offer<Kind> | string {
  const own = offers.find((offer) => namesOf(offer).includes(name));
  if (own) return own;
  const ofPackage = offers.filter((offer) => offer.package.name === name);
  if (ofPackage.length === 1 && ofPackage[0]) return ofPackage[0];
  if (ofPackage.length > 1)
    return `expected one of ${ofPackage.map((offer) => offer.name).join(', ')}; found the package ${name}, which offers all of them`;
  const known = offers.flatMap((offer) => [...namesOf(offer), offer.package.name]);
  const near = didYouMean(name, known);
  const hint = near || ` (to install a package: npm install ${name.replace(/[^@\w./-]/g, '')})`;
  const names = offers.map((offer) => offer.name);
  return `expected something that is installed: ${names.join(', ') || 'nothing is'}; found ${JSON.stringify(name)}${hint}`;
}
