import type { Manifest } from '@ihandler/core';
import { didYouMean } from '../did-you-mean.ts';
import type { InstalledPackage } from './find-packages.ts';

/** The kinds of contributions, as a manifest names them. */
export type ContributionKind = 'handlers' | 'sources' | 'journals' | 'commands' | 'sensors';

/** Something that a package contributes under a name. */
export interface Contribution<Kind extends ContributionKind> {
  readonly package: InstalledPackage;
  readonly name: string;
  readonly spec: Manifest[Kind][string];
}

/** All contributions of a kind, in the order in which their packages were found. */
export function contributionsOf<Kind extends ContributionKind>(
  packages: readonly InstalledPackage[],
  kind: Kind,
): readonly Contribution<Kind>[] {
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

/** The names by which a configuration may refer to a contribution. */
function namesOf<Kind extends Named>({ name, spec }: Contribution<Kind>): readonly string[] {
  return [name, ...spec.aliases];
}

/** The contributions with a name: as their own, else as an alias, else as the name of their package. */
export function contributionsNamed<Kind extends Named>(
  contributions: readonly Contribution<Kind>[],
  name: string,
): readonly Contribution<Kind>[] {
  const own = contributions.filter((contribution) => contribution.name === name);
  const also = own.length > 0 ? own : contributions.filter(({ spec }) => spec.aliases.includes(name));
  return also.length > 0 ? also : contributions.filter((contribution) => contribution.package.name === name);
}

/** How to install what is missing: the name of its package is a guess by convention. */
function toInstall(name: string): string {
  const word = name.replace(/[^@\w./-]/g, '');
  if (/[@/]/.test(word) || word.startsWith('ihandler-')) return ` (to install it: npm install ${word})`;
  return ` (to install it: npm install @ihandler/${word.replaceAll('_', '-')}; others: npm search keywords:ihandler)`;
}

/** The one contribution with a name (see {@link contributionsNamed}). Else why there is none, or more than one. */
export function findContribution<Kind extends Named>(
  contributions: readonly Contribution<Kind>[],
  name: string,
): Contribution<Kind> | string {
  const [first, ...more] = contributionsNamed(contributions, name);
  if (first !== undefined && more.length === 0) return first;
  if (first?.package.name === name)
    return `expected one of ${[first, ...more].map((contribution) => contribution.name).join(', ')}; found the package ${name}, which contributes all of them`;
  if (first !== undefined)
    return `expected a name that one package has; found ${name}, which ${[first, ...more].map((contribution) => contribution.package.name).join(' and ')} have: write the name of the package`;
  const known = contributions.flatMap((contribution) => [
    ...namesOf(contribution),
    contribution.package.name,
  ]);
  const hint = didYouMean(name, known) || toInstall(name);
  const names = contributions.map((contribution) => contribution.name);
  return `expected an installed name (${names.join(', ') || 'none is installed'}); found ${JSON.stringify(name)}${hint}`;
}
