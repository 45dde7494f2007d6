import type { Configuration } from '../configuration/configuration.ts';
import { createTrust } from '../discovery/trust.ts';
import type { CompleteWorld } from '../world.ts';
import { defaultDataFolder } from './data-folder.ts';
import type { LoadContext } from './load-handlers.ts';

/** What a host is to run, and with what. Nothing is loaded, created or opened. */
export interface HostPlan {
  readonly configuration: Configuration;
  readonly context: LoadContext;
  /** Absolute; it may not exist yet. */
  readonly dataDir: string;
  readonly world: CompleteWorld;
}

/** Plans a host for a configuration; throws nothing. */
export function planHost(configuration: Configuration, world: CompleteWorld): HostPlan {
  const { installed, folder } = configuration;
  return {
    configuration,
    context: {
      installed,
      folder,
      conditions: world.conditions,
      trust: createTrust(world),
      worker: world.worker,
      isolate: configuration.isolate,
    },
    dataDir: configuration.data ?? defaultDataFolder(world.env),
    world,
  };
}
