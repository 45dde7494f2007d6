import type { HostPlan } from '../assembly/host-plan.ts';
import type { RequestedEntry } from '../assembly/load-handlers.ts';
import { liveEntries, sourceOptions } from '../assembly/load-sources.ts';
import { handlerOf, requestedEntries } from '../assembly/requested-handlers.ts';
import { below, type ConfigPath } from '../configuration/problem.ts';
import { contributionsOf, findContribution } from '../discovery/contributions.ts';
import { type JsonSchema, markedOptions, resolvePaths } from '../discovery/option-schema.ts';

/** A file, folder or port that an option names. */
export interface Resource {
  /** The instance or source whose option names it. */
  readonly instance: string;
  /** Where the option is in the configuration. */
  readonly at: ConfigPath;
  /** An absolute path, or a port with its host. */
  readonly target: string | { readonly host: string; readonly port: number };
  readonly access: 'read' | 'write';
  /** Whether a file may appear later, as the one that a live source follows. */
  readonly mayAppear: boolean;
}

/**
 * The resources that options name: those whose schema has `"format": "path"` (to write, or to read with
 * `"access": "read"`) or `"format": "port"` (to listen on, at the option `host` beside it).
 */
function resourcesIn(
  schema: JsonSchema,
  options: unknown,
  owner: Pick<Resource, 'instance' | 'at' | 'mayAppear'>,
): readonly Resource[] {
  return markedOptions(schema, options).flatMap(({ path, value, schema: own, host }): readonly Resource[] => {
    const at = below([...owner.at, 'config'], { path, message: '' });
    if (own['format'] === 'path' && typeof value === 'string' && value !== ':memory:') {
      const access = (own['access'] ?? (owner.mayAppear ? 'read' : 'write')) === 'read' ? 'read' : 'write';
      return [{ ...owner, at, target: value, access }];
    }
    if (own['format'] !== 'port' || typeof value !== 'number') return [];
    const target = { host: typeof host === 'string' ? host : '127.0.0.1', port: value };
    return [{ ...owner, at, target, access: 'read' }];
  });
}

/** The resources of all handlers of a plan, and of `added` entries, whose paths start at the working directory. */
export function handlerResources(plan: HostPlan, added: readonly RequestedEntry[] = []): readonly Resource[] {
  const more = added.map(({ entry, path }) => ({ entry: { folder: plan.world.cwd, ...entry }, path }));
  return [...requestedEntries(plan), ...more].flatMap((requested) => {
    const { entry, path } = requested;
    const handler = handlerOf(requested, plan);
    if (handler === undefined) return [];
    const options = resolvePaths(
      handler.spec.options,
      entry.config ?? {},
      entry.folder ?? plan.context.folder,
    );
    const owner = { instance: entry.as ?? handler.name, at: path, mayAppear: false };
    return resourcesIn(handler.spec.options, options, owner);
  });
}

/** The resources of all live sources of a plan. */
export function liveResources({ configuration, context }: HostPlan, sensor: string): readonly Resource[] {
  return liveEntries(configuration, context).flatMap(({ entry, contribution, path }) => {
    const options = sourceOptions(contribution, entry, context.folder, sensor);
    const owner = { instance: entry.as ?? contribution.name, at: path, mayAppear: true };
    return resourcesIn(contribution.spec.options, options, owner);
  });
}

/** The resources of the sources that only `import` uses. */
export function importResources({ configuration, context }: HostPlan): readonly Resource[] {
  const sources = contributionsOf(context.installed.packages, 'sources');
  return configuration.sources.flatMap((entry, index) => {
    const source = findContribution(sources, entry.name);
    if (typeof source === 'string' || source.spec.live) return [];
    const options = resolvePaths(source.spec.options, entry.config ?? {}, entry.folder ?? context.folder);
    const owner = { instance: source.name, at: ['sources', index], mayAppear: false };
    return resourcesIn(source.spec.options, options, owner);
  });
}
