import { type CommandArguments, describeError, IhandlerError } from '@ihandler/core';
import { type Configuration, createHost, type Host, loadConfiguration, type World } from '@ihandler/host';
import { type App, text } from './app.ts';
import { exitCodes } from './exit-code.ts';
import { shellWord } from './terminal/shell-word.ts';

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
  const { env, cwd, prefix, conditions, onReopen, onUncaught, onBlocked, exit, patience, actsAsOwner } =
    world;
  return {
    env,
    cwd,
    prefix,
    log,
    secrets,
    ...(conditions && { conditions }),
    ...(onReopen && { onReopen }),
    ...(onUncaught && { onUncaught }),
    ...(onBlocked && { onBlocked }),
    blockedExitCode: exitCodes.blocked,
    ...(exit && { exit: () => exit(exitCodes.unusable) }),
    ...(patience && { patience }),
    ...(actsAsOwner && { actsAsOwner }),
  };
}

/**
 * The configuration that the command line names, as `-c FILE` or as its only argument; undefined when it names none. Throws
 * `OPTIONS_INVALID` for more than one: an argument that is ignored would make a wrong file look fine.
 */
export function configurationFile(
  command: string,
  args: CommandArguments,
  { program }: Pick<App, 'program'>,
): string | undefined {
  const option = text(args, 'config');
  const [named = option, ...more] = args.positionals;
  if (more.length === 0 && (option === undefined || named === option)) return named;
  const found = [
    ...(option === undefined ? [] : [`-c ${shellWord(option)}`]),
    ...args.positionals.map(shellWord),
  ];
  throw new IhandlerError(
    'OPTIONS_INVALID',
    `${command} expects one configuration; found ${found.join(' ')}. See: ${program} ${command} --help`,
  );
}

/** The host of the configuration that a command line names: see {@link configurationFile}. */
export function namedHost(command: string, args: CommandArguments, app: App): Promise<Host> {
  const config = configurationFile(command, args, app);
  const options = config === undefined ? args.options : { ...args.options, config };
  return hostFor({ options, positionals: [] }, app);
}

/** The host of the configuration that `-c` names. The configuration sets what the log shows, its secrets are hidden. */
export async function hostFor(args: CommandArguments, app: App): Promise<Host> {
  const world = hostWorld(app);
  const configuration = await loadConfiguration(text(args, 'config'), world);
  chooseLogFor(args, configuration, app);
  return createHost(configuration, world);
}
