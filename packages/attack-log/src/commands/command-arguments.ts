import { type CommandArguments, escapeControls, IhandlerError } from '@ihandler/core';
import { parseTime } from '@ihandler/core/kit';
import type { AttackFilter } from '../read/attack.ts';

type Options = CommandArguments['options'];

/** An error about the arguments of a command. */
export function invalid(message: string): IhandlerError {
  return new IhandlerError('OPTIONS_INVALID', message);
}

/** An argument in quotes, cut to a length that fits on a line. */
export function quotedArgument(argument: string): string {
  return JSON.stringify(argument.slice(0, 80));
}

/** The value of an option that takes a text; undefined if it was not given. */
export function textOption(options: Options, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

function countOption(options: Options, name: string, expected: string): number | undefined {
  const written = textOption(options, name);
  if (written === undefined) return undefined;
  const count = /^\d{1,15}$/.test(written) ? Number(written) : 0;
  if (count < 1)
    throw invalid(`--${name} expects ${expected}, such as --${name} 10; found ${quotedArgument(written)}.`);
  return count;
}

/** The one database that a command works on. Throws `OPTIONS_INVALID` for none or several. */
export function targetOf({ positionals }: CommandArguments, command: string): string {
  const [target, ...more] = positionals;
  if (target === undefined || target === '')
    throw invalid(`${command} expects a database, such as: ihandler ${command} dionaea.sqlite`);
  if (more.length > 0)
    throw invalid(
      `${command} expects one database, found ${positionals.length}: ${escapeControls(positionals.join(' ').slice(0, 200))}`,
    );
  return target;
}

/** The filter that the options of `tree` describe, with the limit `Infinity` for all. `now` in milliseconds since the Unix epoch. Throws `OPTIONS_INVALID`. */
export function filterOf(options: Options, now: number): AttackFilter {
  const utc = options['utc'] === true;
  const time = (name: string) => {
    const written = textOption(options, name);
    return written === undefined ? undefined : parseTime(name, written, now, { utc });
  };
  const host = textOption(options, 'remote-host')?.replace(/^\[(.*)\]$/, '$1');
  if (host === '')
    throw invalid('--remote-host expects an address, such as --remote-host 192.0.2.7; found an empty text.');
  const filter = {
    connection: countOption(options, 'connection', 'the number of a connection'),
    since: time('since'),
    until: time('until'),
    remoteHost: host,
    sensor: textOption(options, 'sensor'),
    limit:
      textOption(options, 'limit') === 'all'
        ? Number.POSITIVE_INFINITY
        : countOption(options, 'limit', 'a number of attacks or all'),
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}
