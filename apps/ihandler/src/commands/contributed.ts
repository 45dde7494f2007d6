import { type Command, type CommandArguments, describeError, IhandlerError } from '@ihandler/core';
import { type Contribution, contributionsOf, findInstalled, importExport } from '@ihandler/host';
import { type App, configOption } from '../app.ts';
import { hostFor } from '../configured-host.ts';

type CommandContribution = Contribution<'commands'>;

function isCommand(value: unknown): value is Command {
  return (
    typeof value === 'object' &&
    value !== null &&
    'run' in value &&
    typeof value.run === 'function' &&
    'options' in value &&
    typeof value.options === 'object'
  );
}

/** The configuration that `-c` names, before the options of the command are known. */
export function namedConfiguration(argv: readonly string[]): string | undefined {
  for (const [index, argument] of argv.entries()) {
    if (argument === '--') return undefined;
    if (argument === '-c' || argument === '--config') return argv[index + 1];
    const inline = /^(?:--config=|-c(?=[^-]))(.+)$/s.exec(argument)?.[1];
    if (inline !== undefined) return inline;
  }
  return undefined;
}

/** The first argument that is neither an option nor the value of `-c`. */
function targetIn(argv: readonly string[]): string | undefined {
  return argv.find(
    (argument, index) =>
      (argument === '-' || !argument.startsWith('-')) && !['-c', '--config'].includes(argv[index - 1] ?? ''),
  );
}

/** The commands of the installed packages, those beside the configuration that `-c` names included. */
export function contributedCommands(
  argv: readonly string[],
  { world }: Pick<App, 'world'>,
): readonly CommandContribution[] {
  return contributionsOf(findInstalled(world, namedConfiguration(argv)).packages, 'commands');
}

/** Loads the command of a package. Throws `HANDLER_INVALID`, naming the package, when it does not export one. */
async function loadCommand(
  { package: from, name, spec }: CommandContribution,
  conditions: readonly string[],
): Promise<Command> {
  const { commands } = await importExport(from, spec.export, conditions);
  const command: unknown =
    typeof commands === 'object' && commands !== null && Object.hasOwn(commands, name)
      ? Reflect.get(commands, name)
      : undefined;
  if (isCommand(command)) return command;
  throw new IhandlerError(
    'HANDLER_INVALID',
    `${from.name} ${from.version}: expected ${spec.export} to export commands.${name}; it does not.`,
  );
}

/**
 * Loads a command from the packages that contribute it: the first that accepts the target in `argv`. For help, any that can
 * be loaded, by preference one that accepts the target.
 */
export async function loadContributed(
  contributions: readonly CommandContribution[],
  argv: readonly string[],
  isHelp: boolean,
  { world }: Pick<App, 'world'>,
): Promise<Command> {
  const conditions = world.conditions ?? [];
  const target = targetIn(argv);
  const [only] = contributions;
  if (only && contributions.length === 1) return loadCommand(only, conditions);
  const refused: string[] = [];
  let first: Command | undefined;
  for (const contribution of contributions)
    try {
      const command = await loadCommand(contribution, conditions);
      first ??= command;
      if (command.accepts === undefined || (target !== undefined && (await command.accepts(target))))
        return command;
      refused.push(`  ${contribution.package.name}: ${command.name} ${command.usage}: ${command.summary}`);
    } catch (error) {
      refused.push(`  ${contribution.package.name}: cannot be loaded: ${describeError(error)}`);
    }
  if (isHelp && first !== undefined) return first;
  const found = target === undefined ? 'nothing' : JSON.stringify(target);
  throw new IhandlerError(
    target === undefined ? 'OPTIONS_INVALID' : 'TARGET_UNREADABLE',
    `${only?.name}: expected something that it can read, found ${found}. The installed packages read:\n${refused.join('\n')}`,
  );
}

/** Runs a command of a package. One that works on the instances of a handler gets those of the configuration. */
export async function runContributed(command: Command, args: CommandArguments, app: App): Promise<number> {
  const { terminal, world } = app;
  const host = command.of === undefined ? undefined : await hostFor(args, app);
  const context = {
    terminal,
    instances: command.of === undefined ? [] : (host?.instancesOf(command.of) ?? []),
    signal: world.signal,
    log: app.log(command.name),
    now: () => Date.now(),
  };
  const work = () => command.run(args, context);
  try {
    return await (host?.keepOwners(work) ?? work());
  } finally {
    terminal.progress(undefined);
  }
}

/** The options of a command: one that works on the instances of a handler also takes `-c`. */
export function optionsOfCommand({ of, options }: Command): Command['options'] {
  return of === undefined ? options : { config: configOption, ...options };
}
