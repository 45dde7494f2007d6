import { type Command, describeError, IhandlerError } from '@ihandler/core';
import type { Offer } from '../host/discovery/contributions.ts';
import { importExport } from '../host/discovery/load-module.ts';

type CommandOffer = Offer<'commands'>;

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

/** Loads a command that a package offers. Throws `HANDLER_INVALID`, naming the package, when it has none such. */
export async function loadCommand(offer: CommandOffer, conditions: readonly string[]): Promise<Command> {
  const module = await importExport(offer.package, offer.spec.export, conditions);
  const commands = module['commands'];
  const command: unknown =
    typeof commands === 'object' && commands !== null && Object.hasOwn(commands, offer.name)
      ? Reflect.get(commands, offer.name)
      : undefined;
  if (isCommand(command)) return command;
  throw new IhandlerError(
    'HANDLER_INVALID',
    `${offer.package.name} ${offer.package.version}: expected that ${offer.spec.export} exports commands.${offer.name}; it does not.`,
  );
}

/**
 * Of several packages that offer a command, the first that accepts the target: one that cannot be asked is passed over and
 * told when nobody accepts it. For help any that can be asked will do: without a target the first.
 */
export async function commandFor(
  offers: readonly CommandOffer[],
  target: string | undefined,
  { conditions, isHelp = false }: { readonly conditions: readonly string[]; readonly isHelp?: boolean },
): Promise<Command> {
  const [only] = offers;
  if (only && offers.length === 1) return loadCommand(only, conditions);
  const refused: string[] = [];
  let first: Command | undefined;
  for (const offer of offers)
    try {
      const command = await loadCommand(offer, conditions);
      first ??= command;
      if (command.accepts === undefined || (target !== undefined && (await command.accepts(target))))
        return command;
      refused.push(`  ${offer.package.name}: ${command.name} ${command.usage}: ${command.summary}`);
    } catch (error) {
      refused.push(`  ${offer.package.name} cannot be asked: ${describeError(error)}`);
    }
  if (isHelp && first !== undefined) return first;
  const found =
    target === undefined ? 'no target' : `the target ${JSON.stringify(target)}, which none of them takes`;
  throw new IhandlerError(
    target === undefined ? 'OPTIONS_INVALID' : 'TARGET_UNREADABLE',
    `Several packages offer the command ${only?.name}; found ${found}:\n${refused.join('\n')}`,
  );
}
