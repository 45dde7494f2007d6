import { resolve } from 'node:path';
import type { CommandArguments } from '@ihandler/core';
import { type App, text } from '../app.ts';
import type { Wanted } from '../host/assembly/load-handlers.ts';
import {
  type Configuration,
  noConfiguration,
  readConfiguration,
} from '../host/configuration/configuration.ts';
import { offersNamed, offersOf } from '../host/discovery/contributions.ts';
import type { Installed } from '../host/discovery/find-packages.ts';
import { chooseLog } from '../host/running/host-log.ts';

/** Lets the command line choose what the log shows, and the configuration where the command line does not say. */
export function chooseLogFor(
  args: CommandArguments,
  configuration: Pick<Configuration, 'log'> | undefined,
  { hostLog }: Pick<App, 'hostLog'>,
): void {
  if (configuration?.log !== undefined)
    chooseLog(hostLog, configuration.log, { levels: 'log.levels', domains: 'log.domains' });
  if (args.options['debug'] === true) hostLog.choose({ levels: 'all' });
  const typed = { levels: text(args, 'log-levels'), domains: text(args, 'log-domains') };
  chooseLog(hostLog, typed, { levels: '--log-levels', domains: '--log-domains' });
}

/** Reads the configuration that `-c` names, keeps its secrets from being shown, and lets it choose the log. */
export function configurationFor(args: CommandArguments, app: App): Configuration {
  const named = text(args, 'config');
  if (named === undefined) return noConfiguration;
  const { env, cwd } = app.host;
  const configuration = readConfiguration(resolve(cwd, named), { env, learn: app.secrets.learn });
  chooseLogFor(args, configuration, app);
  return configuration;
}

/**
 * The handlers that a configuration names. Those that only stand in a file of dionaea's and that nobody offers here are
 * told and left out.
 */
export function wantedBy(
  configuration: Configuration,
  installed: Installed,
  app: Pick<App, 'log'>,
): readonly Wanted[] {
  const offers = offersOf(installed.packages, 'handlers');
  return configuration.ihandlers.flatMap((entry, index) => {
    const path = ['ihandlers', index];
    if (!entry.isDionaeas || offersNamed(offers, entry.name).length > 0) return [{ entry, path }];
    app.log().warn(`${configuration.where(path)}: no ihandler ${entry.name} is installed here: skipped`);
    return [];
  });
}
