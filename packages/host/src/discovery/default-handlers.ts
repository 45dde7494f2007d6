import { type Contribution, contributionsOf } from './contributions.ts';
import type { InstalledPackage } from './find-packages.ts';
import { requiredOptions } from './option-schema.ts';

/** Whether a handler runs without a configuration: it needs no option and sends nothing off this machine. */
export function runsByDefault({ spec }: Contribution<'handlers'>): boolean {
  return !spec.network && requiredOptions(spec.options).length === 0;
}

/** Why a handler does not run by default: `needs file`, `off by default (uses the network)`. */
export function whatItNeeds({ spec }: Contribution<'handlers'>): string {
  const required = requiredOptions(spec.options);
  const needs = required.length > 0 ? [`needs ${required.join(', ')}`] : [];
  return [...needs, ...(spec.network ? ['off by default (uses the network)'] : [])].join('; ');
}

/** The handlers that run without a configuration. */
export function defaultHandlers(packages: readonly InstalledPackage[]): readonly Contribution<'handlers'>[] {
  return contributionsOf(packages, 'handlers').filter(runsByDefault);
}
