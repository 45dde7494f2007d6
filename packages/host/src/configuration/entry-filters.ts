import type { HandlerEntry } from '@ihandler/core';
import { contributionsOf } from '../discovery/contributions.ts';
import type { InstalledPackage } from '../discovery/find-packages.ts';
import type { Entry } from './configuration.ts';

/** Filters that an entry has when it does not set its own. */
export interface DefaultFilters {
  readonly except: readonly string[];
  readonly protocols: readonly string[];
}

/** Excludes the incidents that sensors report about themselves, as the installed packages declare them. */
export function defaultFilters(packages: readonly InstalledPackage[]): DefaultFilters {
  const specs = contributionsOf(packages, 'sensors').map(({ spec }) => spec);
  return {
    except: specs.flatMap(({ ownOrigins }) => ownOrigins),
    protocols: specs.flatMap(({ ownProtocols }) => ownProtocols.map((protocol) => `-${protocol}`)),
  };
}

/**
 * The filters of an entry. `except` and `protocols` replace the default of the same name, so that `except: []` and
 * `protocols: []` let every incident through.
 */
export function filtersOf(
  { only, except, ignore, protocols }: Entry,
  defaults: DefaultFilters,
): Pick<HandlerEntry, 'only' | 'except' | 'ignore' | 'protocols'> {
  return {
    ...(only && { only }),
    except: except ?? defaults.except,
    ...(ignore && { ignore }),
    protocols: protocols ?? defaults.protocols,
  };
}
