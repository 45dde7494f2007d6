import { type CommandArguments, describeError, IhandlerError } from '@ihandler/core';
import { type Configuration, createHost, type Host, loadConfiguration, type World } from '@ihandler/host';
import { type App, text } from './app.ts';
import { exitCodes } from './exit-code.ts';

type LogFilter = Parameters<App['hostLog']['choose']>[0];

/** Sets what the log shows; an error names where the filter was written. */
function chooseLog(
  hostLog: App['hostLog'],
  filter: LogFilter,
  named: Readonly<Record<keyof LogFilter, string>>,
): void {
  for (const key of ['levels', 'domains'] as const)
    try {
      hostLog.choose({ [key]: filter[key] });
    } catch (error) {
      throw new IhandlerError('OPTIONS_INVALID', `${named[key]}: ${describeError(error)}`, { cause: error });
    }
}

/** Sets what the log shows: the command line overrides the configuration. */
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

/** The program's surroundings as a host uses them. */
function hostWorld({ world, log, secrets }: App): World {
  const { env, cwd, prefix, conditions, onReopen, exit, patience } = world;
  return {
    env,
    cwd,
    prefix,
    log,
    secrets,
    ...(conditions && { conditions }),
    ...(onReopen && { onReopen }),
    ...(exit && { exit: () => exit(exitCodes.unusable) }),
    ...(patience && { patience }),
  };
}

/** The host of the configuration that `-c` names. The configuration sets what the log shows, its secrets are hidden. */
export async function hostFor(args: CommandArguments, app: App): Promise<Host> {
  const world = hostWorld(app);
  const configuration = await loadConfiguration(text(args, 'config'), world);
  chooseLogFor(args, configuration, app);
  return createHost(configuration, world);
}
