import type { Command, CommandArguments, CommandOption, Log, Terminal } from '@ihandler/core';
import type { HostLog, Secrets } from '@ihandler/host';
import type { ProgramWorld } from './program-world.ts';

/** What a command of the program itself works with. */
export interface App {
  readonly world: ProgramWorld;
  readonly terminal: Terminal;
  readonly log: (name?: string) => Log;
  /** Chooses what {@link App.log} shows. */
  readonly hostLog: HostLog;
  readonly secrets: Secrets;
  /** Writes a line to standard error that is neither a result nor a problem. */
  readonly note: (text: string) => void;
  /** The arguments of the program, as typed. */
  readonly argv: readonly string[];
  /** How the user calls the program. */
  readonly program: string;
}

/** A command of the program itself. */
export interface BuiltIn extends Omit<Command, 'accepts' | 'of' | 'run'> {
  run(args: CommandArguments, app: App): Promise<number>;
}

/** The option that names a configuration. */
export const configOption: CommandOption = {
  type: 'string',
  short: 'c',
  value: 'FILE.yaml',
  help: 'The configuration to use',
};

/** The value of an option that takes one. */
export function text(args: CommandArguments, option: string): string | undefined {
  const value = args.options[option];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that may be given several times. */
export function texts(args: CommandArguments, option: string): readonly string[] {
  const value = args.options[option];
  if (typeof value === 'object') return value;
  return typeof value === 'string' ? [value] : [];
}
