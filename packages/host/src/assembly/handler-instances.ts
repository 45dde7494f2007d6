import { join } from 'node:path';
import type { ConfiguredInstance } from '@ihandler/core';
import { contributionsNamed, contributionsOf, findContribution } from '../discovery/contributions.ts';
import { requiredOptions, resolvePaths } from '../discovery/option-schema.ts';
import type { HostPlan } from './host-plan.ts';

/**
 * The instances of a handler in the configuration; without one, the handler without options when it needs none. Throws
 * `OPTIONS_INVALID` when the configuration has problems.
 */
export function handlerInstances(
  { configuration, context, dataDir }: HostPlan,
  handler: string,
): readonly ConfiguredInstance[] {
  if (configuration.isBroken) throw configuration.error([]);
  const contributions = contributionsOf(context.installed.packages, 'handlers');
  if (configuration.file === undefined)
    return contributionsNamed(contributions, handler)
      .filter(({ name, spec }) => name === handler && requiredOptions(spec.options).length === 0)
      .slice(0, 1)
      .map(() => ({ instance: handler, options: {}, dataDir: join(dataDir, handler) }));
  return configuration.ihandlers.flatMap((entry) => {
    const contribution = findContribution(contributions, entry.name);
    if (typeof contribution === 'string' || contribution.name !== handler) return [];
    const instance = entry.as ?? contribution.name;
    // Safe: a configuration's `config` is an object, which stays one.
    const options = resolvePaths(
      contribution.spec.options,
      entry.config ?? {},
      entry.folder ?? context.folder,
    ) as Record<string, unknown>;
    return [{ instance, options, dataDir: join(dataDir, instance) }];
  });
}
