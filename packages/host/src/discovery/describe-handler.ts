import { isForeignPackage } from '../isolation/limits.ts';
import type { Contribution } from './contributions.ts';
import { runsByDefault, whatItNeeds } from './default-handlers.ts';
import { describeOutbound } from './outbound-data.ts';

/** How a handler behaves on this machine, as its manifest says. */
export interface HandlerDescription {
  /** Whether it runs without a configuration. */
  readonly runsByDefault: boolean;
  /** Why it does not: `needs file; off by default (uses the network)`. Empty when it does. */
  readonly needs: string;
  /** The data it sends off this machine: `sends nothing off this machine`. */
  readonly outbound: string;
  /** Whether others than the makers of this host wrote it, so that the setting `isolate: foreign` isolates it. */
  readonly isForeign: boolean;
}

/** Describes a handler from its manifest, without loading it. */
export function describeHandler(contribution: Contribution<'handlers'>): HandlerDescription {
  return {
    runsByDefault: runsByDefault(contribution),
    needs: whatItNeeds(contribution),
    outbound: describeOutbound(contribution),
    isForeign: isForeignPackage(contribution.package.name),
  };
}
