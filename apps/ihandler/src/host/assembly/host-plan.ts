import { dirname } from 'node:path';
import type { CommandArguments } from '@ihandler/core';
import type { App } from '../../app.ts';
import { configurationFor } from '../../commands/configured.ts';
import { type Configuration, noConfiguration } from '../configuration/configuration.ts';
import { findPackages } from '../discovery/find-packages.ts';
import { defaultDataFolder } from './data-folder.ts';
import type { Workshop } from './load-handlers.ts';

/** What `-c` names, and what is installed where it is looked for. Nothing is loaded, made or opened. */
export interface HostPlan {
  readonly configuration: Configuration;
  readonly workshop: Workshop;
  /** Absolute; it may not exist yet. */
  readonly dataDir: string;
}

/** Reads the configuration of a command that works on what `run` runs. Throws what is wrong with it in itself. */
export function planHost(args: CommandArguments, app: App): HostPlan {
  const { env, cwd, prefix, conditions = [] } = app.host;
  const configuration = configurationFor(args, app);
  const folder = configuration.file === undefined ? cwd : dirname(configuration.file);
  const installed = findPackages([folder, cwd, prefix]);
  for (const { problem } of installed.unusable) app.log().warn(problem);
  return {
    configuration,
    workshop: { installed, folder, conditions },
    dataDir: configuration.data ?? defaultDataFolder(env),
  };
}

/** Whether there is a configuration at all. */
export function isConfigured({ configuration }: HostPlan): boolean {
  return configuration !== noConfiguration;
}
