import { parseArgs } from 'node:util';
import { type CommandArguments, type CommandOption, escapeControls, IhandlerError } from '@ihandler/core';
import { didYouMean } from '../host/did-you-mean.ts';
import { DEFAULT_LEVELS } from '../host/running/host-log.ts';

function wrong(message: string, command: string): IhandlerError {
  return new IhandlerError('OPTIONS_INVALID', escapeControls(`${message} See: ihandler ${command} --help`));
}

/** Options that every command has. */
export const commonOptions: Readonly<Record<string, CommandOption>> = {
  help: { type: 'boolean', short: 'h', help: 'Show this help' },
  color: { type: 'boolean', help: 'Use colour even where it is no terminal' },
  'no-color': { type: 'boolean', help: 'Use no colour' },
  'log-levels': {
    type: 'string',
    short: 'l',
    value: 'LEVELS',
    help: `What the log shows: a list such as all,-debug (default: ${DEFAULT_LEVELS})`,
  },
  'log-domains': {
    type: 'string',
    short: 'L',
    value: 'DOMAINS',
    help: 'Whose log is shown: globs over the names of instances and sources (default: *)',
  },
  debug: { type: 'boolean', help: 'Log everything, and show where an error came from' },
};

/**
 * Parses the arguments of a command. Throws `OPTIONS_INVALID` for an unknown option, with the nearest one that exists,
 * and for a value that is missing or not wanted.
 */
export function parseArguments(
  argv: readonly string[],
  options: Readonly<Record<string, CommandOption>>,
  command: string,
): CommandArguments {
  const all = new Map(Object.entries({ ...commonOptions, ...options }));
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      [...all].map(([name, { type, short, multiple, default: preset }]) => [
        name,
        {
          type,
          ...(short !== undefined && { short }),
          ...(multiple !== undefined && { multiple }),
          ...(preset !== undefined && { default: preset }),
        },
      ]),
    ),
  });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const option = all.get(token.name);
    if (option === undefined) {
      const near = token.rawName.startsWith('--')
        ? didYouMean(token.name, all.keys()).replace('mean ', 'mean --')
        : '';
      throw wrong(`There is no option ${token.rawName}${near}.`, command);
    }
    if (option.type === 'boolean' && token.value !== undefined)
      throw wrong(`${token.rawName} takes no value; found ${token.value}.`, command);
    const value = option.value ?? 'a value';
    if (option.type === 'string' && token.value === undefined)
      throw wrong(`${token.rawName} expects ${value}; found nothing.`, command);
    if (option.type === 'string' && !token.inlineValue && /^--?[A-Za-z]/.test(token.value ?? ''))
      throw wrong(
        `${token.rawName} expects ${value}; found ${token.value} (if that is meant: ${token.rawName}=${token.value}).`,
        command,
      );
  }
  // Safe: with the options above a value is a string, a boolean or a list of them, as the declared type says; the loop has refused the rest.
  return { options: { ...values } as CommandArguments['options'], positionals };
}
