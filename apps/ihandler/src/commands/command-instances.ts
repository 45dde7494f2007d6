import { join } from 'node:path';
import type { Command, CommandArguments, CommandOption, ConfiguredInstance } from '@ihandler/core';
import type { App } from '../app.ts';
import { defaultDataFolder } from '../host/assembly/data-folder.ts';
import { type Configuration, noConfiguration } from '../host/configuration/configuration.ts';
import { findOffer, offersNamed, offersOf } from '../host/discovery/contributions.ts';
import type { InstalledPackage } from '../host/discovery/find-packages.ts';
import { requiredOptions, resolvePaths } from '../host/discovery/option-schema.ts';
import { configurationFor } from './configured.ts';

/** The option that names a configuration. */
export const configOption: CommandOption = {
  type: 'string',
  short: 'c',
  value: 'FILE.yaml',
  help: 'The configuration that says what runs, and where',
};

/** A command that works on the instances of a handler gets the option `-c`. */
export function withConfigOption(command: Command): Command {
  if (command.of === undefined) return command;
  return { ...command, options: { config: configOption, ...command.options } };
}

/** What `-c` names before it is known which options the command has. */
export function namedConfiguration(argv: readonly string[]): string | undefined {
  for (const [index, argument] of argv.entries()) {
    if (argument === '--') return undefined;
    if (argument === '-c' || argument === '--config') return argv[index + 1];
    const inline = /^(?:--config=|-c(?=[^-]))(.+)$/s.exec(argument)?.[1];
    if (inline !== undefined) return inline;
  }
  return undefined;
}

/** The first argument that is neither an option nor what `-c` names: options are not known before the command is. */
export function targetIn(argv: readonly string[]): string | undefined {
  return argv.find(
    (argument, index) =>
      (argument === '-' || !argument.startsWith('-')) && !['-c', '--config'].includes(argv[index - 1] ?? ''),
  );
}

function configured(
  of: string,
  { ihandlers, file, ...configuration }: Configuration,
  packages: readonly InstalledPackage[],
  dataDir: string,
): readonly ConfiguredInstance[] {
  const offers = offersOf(packages, 'handlers');
  return ihandlers.flatMap((entry) => {
    const offer = findOffer(offers, entry.name);
    if (typeof offer === 'string' || offer.name !== of) return [];
    const instance = entry.as ?? offer.name;
    // Safe: a configuration's `config` is an object, which stays one.
    const options = resolvePaths(offer.spec.options, entry.config ?? {}, entry.folder ?? '') as Record<
      string,
      unknown
    >;
    return [{ instance, options, dataDir: join(configuration.data ?? dataDir, instance) }];
  });
}

/**
 * The instances that a command works on: those of its handler in the configuration that `-c` names; without one, the
 * handler without options when it needs none. Throws `OPTIONS_INVALID` for a configuration that is wrong in itself.
 */
export function instancesFor(
  { of }: Command,
  packages: readonly InstalledPackage[],
  args: CommandArguments,
  app: App,
): readonly ConfiguredInstance[] {
  if (of === undefined) return [];
  const configuration = configurationFor(args, app);
  if (configuration.isBroken) throw configuration.error([]);
  const dataDir = defaultDataFolder(app.host.env);
  if (configuration !== noConfiguration) return configured(of, configuration, packages, dataDir);
  return offersNamed(offersOf(packages, 'handlers'), of)
    .filter(({ name, spec }) => name === of && requiredOptions(spec.options).length === 0)
    .slice(0, 1)
    .map(() => ({ instance: of, options: {}, dataDir: join(dataDir, of) }));
}
