import {
  type Contribution,
  contributionsNamed,
  contributionsOf,
  findContribution,
} from '../discovery/contributions.ts';
import { defaultHandlers } from '../discovery/default-handlers.ts';
import type { HostPlan } from './host-plan.ts';
import { isLocal, type RequestedEntry } from './load-handlers.ts';

/** The handlers that run without a configuration. */
export function defaultEntries({ context }: Pick<HostPlan, 'context'>): readonly RequestedEntry[] {
  return defaultHandlers(context.installed.packages).map(({ name, package: from }) => ({
    entry: { name },
    path: [from.name],
  }));
}

/** The handlers found for each configuration, so that a skipped handler is logged once. */
const entriesOf = new WeakMap<HostPlan['configuration'], readonly RequestedEntry[]>();

/**
 * The handlers that the configuration names. Those in a sensor's file that are not installed here belong to the sensor:
 * they are logged and skipped.
 */
export function configuredEntries(plan: HostPlan): readonly RequestedEntry[] {
  const entries = entriesOf.get(plan.configuration) ?? findEntries(plan);
  entriesOf.set(plan.configuration, entries);
  return entries;
}

function findEntries({ configuration, context, world }: HostPlan): readonly RequestedEntry[] {
  const installed = contributionsOf(context.installed.packages, 'handlers');
  return configuration.ihandlers.flatMap((entry, index) => {
    const path = ['ihandlers', index];
    if (!entry.isOfSensor || contributionsNamed(installed, entry.name).length > 0) return [{ entry, path }];
    world.log().warn(`${configuration.where(path)}: skipped ${entry.name}: not installed here`);
    return [];
  });
}

/** The handlers of a host: those that its configuration names, else those that run without one. */
export function requestedEntries(plan: HostPlan): readonly RequestedEntry[] {
  return plan.configuration.file === undefined ? defaultEntries(plan) : configuredEntries(plan);
}

/** The contribution of an entry; undefined for a local file and for a name that is not installed. */
export function handlerOf(
  { entry: { name } }: RequestedEntry,
  { context }: Pick<HostPlan, 'context'>,
): Contribution<'handlers'> | undefined {
  if (isLocal(name)) return undefined;
  const known = findContribution(contributionsOf(context.installed.packages, 'handlers'), name);
  return typeof known === 'string' ? undefined : known;
}
