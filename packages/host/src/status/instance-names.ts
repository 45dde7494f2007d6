import { unknownSources } from '../assembly/file-source.ts';
import type { HostPlan } from '../assembly/host-plan.ts';
import { loadHandlers } from '../assembly/load-handlers.ts';
import { instanceName } from '../assembly/prepare-host.ts';
import { handlerOf, requestedEntries } from '../assembly/requested-handlers.ts';

/** The names of the instances in a configuration. */
export interface InstanceNames {
  readonly names: readonly string[];
  /** Whether these are all: not when a handler could not be loaded and its entry does not name it. */
  readonly areComplete: boolean;
}

/** The names of the instances, as far as they are known without loading a handler. */
export function namedInstances(plan: HostPlan): InstanceNames {
  const names = requestedEntries(plan).map(
    (requested) => requested.entry.as ?? handlerOf(requested, plan)?.name,
  );
  const known = names.filter((name) => name !== undefined);
  return { names: known, areComplete: known.length === names.length && !plan.configuration.isBroken };
}

/** The names of the instances; handlers are loaded when a local file does not name its instance. */
export async function instanceNames(plan: HostPlan): Promise<InstanceNames> {
  const named = namedInstances(plan);
  if (named.areComplete || plan.configuration.isBroken) return named;
  const { configuration, context } = plan;
  try {
    const handlers = await loadHandlers(
      requestedEntries(plan),
      context,
      configuration,
      unknownSources(configuration),
    );
    return { names: handlers.map(instanceName), areComplete: true };
  } catch {
    return named; // `check` says why
  }
}
