import { type Offer, offersOf } from './contributions.ts';
import type { InstalledPackage } from './find-packages.ts';
import { requiredOptions } from './option-schema.ts';

/** Whether a handler runs when nobody says what is to run: it needs no option and nothing leaves the machine. */
export function runsByDefault({ spec }: Offer<'handlers'>): boolean {
  return !spec.network && requiredOptions(spec.options).length === 0;
}

/** What a handler waits for when it does not run by default: `needs file`, `must be asked for, since it sends …`. */
export function whatItNeeds({ spec }: Offer<'handlers'>): string {
  const required = requiredOptions(spec.options);
  const needs = required.length > 0 ? [`needs ${required.join(', ')}`] : [];
  return [...needs, ...(spec.network ? ['must be asked for, since it uses the network'] : [])].join('; ');
}

/** The handlers that run without a configuration. */
export function defaultHandlers(packages: readonly InstalledPackage[]): readonly Offer<'handlers'>[] {
  return offersOf(packages, 'handlers').filter(runsByDefault);
}
